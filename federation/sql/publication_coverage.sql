-- The coverage of each period named that is public now.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
SELECT named.position::int - 1, coverage.*
FROM unnest(%(indicators)s::smallint[], %(periods)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, period, position)
CROSS JOIN LATERAL (
    SELECT id, agencies_expected, agencies_reporting, covered_seconds, owed_seconds, status, agencies::int[], states, covered,
           owed, is_break, counted_from
    FROM federation_publishedcoverage
    WHERE indicator_id = named.indicator AND frequency = %(frequency)s AND period = named.period
      AND version_to IS NULL
    OFFSET 0
) AS coverage
