-- The version that was public at an instant, the time of the newest version, and the time now.
SELECT
    (SELECT number FROM federation_version WHERE known_at <= %(as_of)s ORDER BY known_at DESC LIMIT 1),
    (SELECT max(known_at) FROM federation_version),
    clock_timestamp()
