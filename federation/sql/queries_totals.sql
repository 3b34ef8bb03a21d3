-- One agency's totals in use of the periods that are named, in any order.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
SELECT figure.indicator_id, figure.frequency, figure.period, figure.total
FROM unnest(%(indicators)s::smallint[], %(frequencies)s::text[], %(periods)s::timestamptz[])
     AS named (indicator, frequency, period)
CROSS JOIN LATERAL (
    SELECT indicator_id, frequency, period, total FROM federation_figure
    WHERE indicator_id = named.indicator AND frequency = named.frequency AND agency_id = %(agency)s
      AND period = named.period AND source <> 'none'
    OFFSET 0
) AS figure
