-- The coverage of periods in all versions up to one, except what had ended by another version: parallel arrays in order
-- of period and version.
SELECT
    coalesce(array_agg(period), '{}') AS periods,
    coalesce(array_agg(agencies_expected::smallint), '{}') AS agencies_expected,
    coalesce(array_agg(agencies_reporting::smallint), '{}') AS agencies_reporting,
    coalesce(array_agg(share), '{}') AS share,
    coalesce(string_agg(status, ''), '') AS status,
    coalesce(array_agg(is_break), '{}') AS is_break,
    coalesce(array_agg(coalesce(counted_from, period)), '{}') AS counted_from,
    coalesce(array_agg(agencies_awaited), '{}') AS agencies_awaited,
    coalesce(array_agg(coalesce(awaited_until, 'epoch')), '{}') AS awaited_until,
    coalesce(array_agg(version_from), '{}') AS version_from
FROM (
    SELECT
        period, agencies_expected, agencies_reporting, share, status, is_break, counted_from, agencies_awaited,
        awaited_until, version_from
    FROM federation_publishedcoverage
    WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s
      AND period BETWEEN %(start)s AND %(end)s AND version_from <= %(version)s
      AND (version_to IS NULL OR version_to > %(after)s)
    ORDER BY period, version_from
) AS vintage
