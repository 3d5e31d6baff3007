"""Import of rosters 会員名簿 (M10): a dry run that names every error by row and column, then all or nothing."""
