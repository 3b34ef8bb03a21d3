-- Microseconds since 1970, by the clock of the database.
UPDATE federation_versioncounter
SET last = greatest(last, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
RETURNING last
