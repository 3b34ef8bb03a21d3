"""How processes reach PostgreSQL: a backend that waits only for a limited time, and the router of public reads."""
