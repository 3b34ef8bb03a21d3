-- How many connections there are to all databases, and how many the server lets in. Every role may ask this.
SELECT sum(numbackends)::int, current_setting('max_connections')::int
FROM pg_stat_database
