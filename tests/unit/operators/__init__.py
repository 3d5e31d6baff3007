"""What operators see and do: the page, the command, figures, alerts."""
