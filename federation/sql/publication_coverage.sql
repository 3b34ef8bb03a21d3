-- The coverage of each period named that is public now, and whether a number of the period has ever been known.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
SELECT named.position::int - 1 AS position, coverage.*,
    status <> 'O' AND (
        agencies_reporting > 0 OR EXISTS (
            SELECT FROM federation_publishedcoverage AS earlier
            WHERE earlier.indicator_id = named.indicator AND earlier.frequency = %(frequency)s
              AND earlier.period = named.period AND earlier.status <> 'O' AND earlier.agencies_reporting > 0
        )
    ) AS was_known
FROM unnest(%(indicators)s::smallint[], %(periods)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, period, position)
CROSS JOIN LATERAL (
    SELECT *
    FROM federation_publishedcoverage
    WHERE indicator_id = named.indicator AND frequency = %(frequency)s AND period = named.period
      AND version_to IS NULL
    OFFSET 0
) AS coverage
