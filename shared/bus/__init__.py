"""From one service to another: outbox, two buses with one conformance suite, inbox."""
