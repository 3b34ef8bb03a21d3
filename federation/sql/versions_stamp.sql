-- The time of a version: now, but later than the version before it, in whole milliseconds.
INSERT INTO federation_version (number, known_at)
SELECT %s, greatest(
    date_trunc('milliseconds', clock_timestamp()),
    (SELECT max(known_at) FROM federation_version) + interval '1 millisecond'
)
