-- The first of the periods asked for, with their coverage; {public} holds for the rows that are public, or were at a version.
-- With what stands before and after it this is one statement, hence one snapshot: version, coverage and cells agree
-- while publications commit.
, page AS MATERIALIZED (
    SELECT period, agencies_expected, agencies_reporting, covered_seconds, owed_seconds, status
    FROM federation_publishedcoverage
    WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s
      AND period BETWEEN %(first)s AND %(end)s AND {public}
    ORDER BY period
    LIMIT %(periods)s
),
following AS (
    SELECT min(period) AS period
    FROM federation_publishedcoverage
    WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s
      AND period > (SELECT max(period) FROM page) AND period <= %(end)s AND {public}
),
coverage AS (
    SELECT
        coalesce(array_agg(extract(epoch FROM period)::bigint ORDER BY period), '{}'),
        coalesce(array_agg(agencies_expected::bigint ORDER BY period), '{}'),
        coalesce(array_agg(agencies_reporting::bigint ORDER BY period), '{}'),
        coalesce(array_agg(covered_seconds ORDER BY period), '{}'),
        coalesce(array_agg(owed_seconds ORDER BY period), '{}'),
        coalesce(string_agg(status, '' ORDER BY period), '')
    FROM page
)
