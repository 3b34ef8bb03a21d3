-- For each figure named that is a complete sum of finer ones: its total, and the complete totals of the same hour or
-- day in the weeks before.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
SELECT named.position::int - 1, own.total, before.periods, before.totals
FROM unnest(%(indicators)s::smallint[], %(agencies)s::smallint[], %(periods)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, agency, period, position)
CROSS JOIN LATERAL (
    SELECT total
    FROM federation_figure
    WHERE indicator_id = named.indicator AND frequency = %(frequency)s AND agency_id = named.agency
      AND period = named.period AND source = 'derived' AND covered_seconds = %(seconds)s
    OFFSET 0
) AS own
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(figure.period), '{}') AS periods, coalesce(array_agg(figure.total), '{}') AS totals
    FROM generate_series(1, %(weeks)s) AS back
    CROSS JOIN LATERAL (
        SELECT period, total
        FROM federation_figure
        WHERE indicator_id = named.indicator AND frequency = %(frequency)s AND agency_id = named.agency
          AND period = named.period - back * interval '168 hours'
          AND source <> 'none' AND covered_seconds = %(seconds)s
        OFFSET 0
    ) AS figure
) AS before
