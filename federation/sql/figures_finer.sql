-- For each figure named: the agency's figures one level finer.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
SELECT named.position::int - 1, finer.*
FROM unnest(%(indicators)s::smallint[], %(agencies)s::smallint[], %(periods)s::timestamptz[], %(ends)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, agency, period, ends, position)
CROSS JOIN LATERAL (
    SELECT source, covered_seconds, reported_seconds, final, countries, networks, values
    FROM federation_figure
    WHERE indicator_id = named.indicator AND frequency = %(finer)s AND agency_id = named.agency
      AND period >= named.period AND period < named.ends
    OFFSET 0
) AS finer
