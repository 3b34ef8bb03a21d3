-- The figures of all agencies, or of some, in each period named.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
SELECT named.position::int - 1, figure.*
FROM unnest(%(indicators)s::smallint[], %(periods)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, period, position)
CROSS JOIN LATERAL (
    SELECT agency_id, source, covered_seconds, reported_seconds, final, held, countries, networks, values
    FROM federation_figure
    WHERE indicator_id = named.indicator AND frequency = %(frequency)s AND period = named.period
      AND (%(only)s::smallint[] IS NULL OR agency_id = ANY (%(only)s::smallint[]))
    OFFSET 0
) AS figure
