-- The first of the periods asked for, with their coverage; {public} holds for the rows that are public, or were at a
-- version. With what stands before and after it this is one statement, hence one snapshot: version, coverage and cells
-- agree while publications commit.
, coverage AS MATERIALIZED (
    SELECT
        coalesce(array_agg(period), '{}') AS periods,
        coalesce(array_agg(agencies_expected::smallint), '{}') AS expected,
        coalesce(array_agg(agencies_reporting::smallint), '{}') AS reporting,
        coalesce(array_agg(
            CASE WHEN owed_seconds > 0 THEN covered_seconds * 10000 / owed_seconds ELSE -1 END
        ), '{}') AS shares,
        coalesce(string_agg(status, ''), '') AS statuses,
        max(period) AS last
    FROM (
        SELECT period, agencies_expected, agencies_reporting, covered_seconds, owed_seconds, status
        FROM federation_publishedcoverage
        WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s
          AND period BETWEEN %(first)s AND %(end)s AND {public}
        ORDER BY period
        LIMIT %(periods)s
    ) AS page
),
following AS (
    SELECT min(period) AS period
    FROM federation_publishedcoverage
    WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s
      AND period > (SELECT last FROM coverage) AND period <= %(end)s AND {public}
)
