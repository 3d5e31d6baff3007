"""members: people, their categories, accounts and logins."""
