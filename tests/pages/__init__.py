"""Every page of all services, as each of their readers finds it."""
