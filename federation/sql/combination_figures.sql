-- All agencies' figures of each period named.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
SELECT named.position::int - 1, figure.*
FROM unnest(%(indicators)s::smallint[], %(periods)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, period, position)
CROSS JOIN LATERAL (
    SELECT agency_id, source, covered_seconds, reported_seconds, final, held, countries, networks, values, keys
    FROM federation_figure
    WHERE indicator_id = named.indicator AND frequency = %(frequency)s AND period = named.period
    OFFSET 0
) AS figure
