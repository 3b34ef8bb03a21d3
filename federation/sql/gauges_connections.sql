-- How many connections there are, and how many the server lets in.
SELECT count(*)::int, current_setting('max_connections')::int
FROM pg_stat_activity
WHERE backend_type = 'client backend'
