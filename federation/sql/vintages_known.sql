-- The version that was public at an instant.
SELECT (SELECT number FROM federation_version WHERE known_at <= %(instant)s ORDER BY known_at DESC LIMIT 1)
