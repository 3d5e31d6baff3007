"""The page kit: the Flask application, layouts, components and texts that every service wears. Read README.md first."""
