"""How processes reach PostgreSQL: Django's backend with limited waits, and the router of public reads."""
