-- The newest corrected periods that are older than a position in the list, and were corrected after a version: which
-- version corrected which period, and the coverage just before this version and since. Two rows of coverage at most are
-- read of each.
SELECT
    changed.version, version.known_at, changed.period,
    earlier.status, earlier.agencies_reporting,
    later.status, later.agencies_reporting
FROM (
    SELECT version, period
    FROM federation_periodversion
    WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND is_correction
      AND (version, period) < (%(position_version)s, %(position_period)s) AND version > %(since_version)s
    ORDER BY version DESC, period DESC
    LIMIT %(most)s
) AS changed
JOIN federation_version AS version ON version.number = changed.version
CROSS JOIN LATERAL (
    SELECT status, agencies_reporting
    FROM federation_publishedcoverage
    WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND period = changed.period
      AND version_from < changed.version
    ORDER BY version_from DESC
    LIMIT 1
) AS earlier
CROSS JOIN LATERAL (
    SELECT status, agencies_reporting
    FROM federation_publishedcoverage
    WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND period = changed.period
      AND version_from <= changed.version
    ORDER BY version_from DESC
    LIMIT 1
) AS later
ORDER BY changed.version DESC, changed.period DESC
