"""What holds of a member from a day on: the standing 会員状況 and the category 会員種別. One way to keep both."""
