"""The PostgreSQL and RabbitMQ servers that tests run against: given by address, from Docker, or private ones."""
