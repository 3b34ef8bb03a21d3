-- The functions of PostgreSQL itself whose names fit, as GRANT names them.
SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ %s
