-- This runs often, so it must not wait, and it leaves nothing behind.
SET LOCAL statement_timeout = '2s';
SET LOCAL lock_timeout = '2s';
-- A row that is overwritten needs no room, so a full disk may take that. This is more than the memory allowed: PostgreSQL
-- writes a megabyte to a file beside its tables, and removes it at once.
SET LOCAL work_mem = '64kB';
SELECT count(*) FROM unnest(array_fill(repeat('x', 8192), ARRAY[128]));
-- A record in the log, so that the commit has to reach the log's disk.
SELECT CASE current_setting('transaction_read_only')
    WHEN 'off' THEN pg_logical_emit_message(true, 'police2peer', '')
END;
