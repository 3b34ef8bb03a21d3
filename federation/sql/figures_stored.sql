-- The figures named, as they are stored.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
SELECT named.position::int - 1, figure.*
FROM unnest(%(indicators)s::smallint[], %(agencies)s::smallint[], %(periods)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, agency, period, position)
CROSS JOIN LATERAL (
    SELECT source, covered_seconds, reported_seconds, final, held, countries, networks, values
    FROM federation_figure
    WHERE indicator_id = named.indicator AND frequency = %(frequency)s AND agency_id = named.agency
      AND period = named.period
    OFFSET 0
) AS figure
