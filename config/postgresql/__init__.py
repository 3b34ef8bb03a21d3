"""Django's backend for PostgreSQL, with an end to every wait for a server."""
