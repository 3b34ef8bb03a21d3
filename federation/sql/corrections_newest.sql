-- The newest correction of an indicator and frequency, up to a version: its version, since when it is public, and the
-- rounding base. It is the last entry of an index that has only corrections.
SELECT newest.version, version.known_at, (SELECT base FROM federation_roundingseal)
FROM (
    SELECT max(version) AS version
    FROM federation_periodversion
    WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND is_correction AND version <= %(version)s
) AS newest
LEFT JOIN federation_version AS version ON version.number = newest.version
