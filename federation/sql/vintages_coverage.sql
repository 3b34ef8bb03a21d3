-- The coverage of periods in all versions up to one, except what had ended by another version: parallel arrays in order
-- of period and version.
SELECT
    coalesce(array_agg(period), '{}'),
    coalesce(array_agg(version_from), '{}'),
    coalesce(array_agg(agencies_expected::smallint), '{}'),
    coalesce(array_agg(agencies_reporting::smallint), '{}'),
    coalesce(array_agg(CASE WHEN owed_seconds > 0 THEN covered_seconds * 10000 / owed_seconds ELSE -1 END), '{}'),
    coalesce(string_agg(status, ''), ''),
    coalesce(string_agg(CASE WHEN is_break THEN 'B' ELSE '-' END, ''), '')
FROM (
    SELECT period, version_from, agencies_expected, agencies_reporting, covered_seconds, owed_seconds, status, is_break
    FROM federation_publishedcoverage
    WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s
      AND period BETWEEN %(start)s AND %(end)s AND version_from <= %(version)s
      AND (version_to IS NULL OR version_to > %(after)s)
    ORDER BY period, version_from
) AS vintage
