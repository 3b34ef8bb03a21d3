-- Makes room for exact sums that are replaced whole.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
DELETE FROM federation_combinedfigure
WHERE id = ANY (ARRAY(
    SELECT exact.id
    FROM unnest(%(indicators)s::smallint[], %(periods)s::timestamptz[]) AS named (indicator, period)
    CROSS JOIN LATERAL (
        SELECT id FROM federation_combinedfigure
        WHERE indicator_id = named.indicator AND frequency = %(frequency)s AND period = named.period
        OFFSET 0
    ) AS exact
))
