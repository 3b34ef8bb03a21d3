-- The frozen sum of each period named, if it was published.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
SELECT named.position::int - 1, frozen.*
FROM unnest(%(indicators)s::smallint[], %(periods)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, period, position)
CROSS JOIN LATERAL (
    SELECT agencies, countries, networks, values, seal
    FROM federation_frozensum
    WHERE indicator_id = named.indicator AND frequency = %(frequency)s AND period = named.period
    OFFSET 0
) AS frozen
