-- The cells of each period named that are public now.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
SELECT named.position::int - 1, cell.*
FROM unnest(%(indicators)s::smallint[], %(periods)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, period, position)
CROSS JOIN LATERAL (
    SELECT id, country, network, value
    FROM federation_publishedcell
    WHERE indicator_id = named.indicator AND frequency = %(frequency)s AND period = named.period
      AND version_to IS NULL
    OFFSET 0
) AS cell
