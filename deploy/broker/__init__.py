"""Who may do what at the broker (`rights.json`, in RabbitMQ's own format), the same for every stack."""
