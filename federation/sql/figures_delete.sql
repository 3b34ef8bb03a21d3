-- Deletes figures that are replaced as a whole.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
DELETE FROM federation_figure
WHERE id = ANY (ARRAY(
    SELECT figure.id
    FROM unnest(%(indicators)s::smallint[], %(agencies)s::smallint[], %(periods)s::timestamptz[])
         AS named (indicator, agency, period)
    CROSS JOIN LATERAL (
        SELECT id FROM federation_figure
        WHERE indicator_id = named.indicator AND frequency = %(frequency)s AND agency_id = named.agency
          AND period = named.period
        OFFSET 0
    ) AS figure
))
