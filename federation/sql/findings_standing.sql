-- For each figure named: its findings by these rules that are open or were closed by a coordinator, except those that
-- hold.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
SELECT named.position::int - 1, finding.*
FROM unnest(%(indicators)s::smallint[], %(agencies)s::smallint[], %(periods)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, agency, period, position)
CROSS JOIN LATERAL (
    SELECT id, rule, report_id, facts, resolved IS NULL
    FROM federation_finding AS candidate
    WHERE agency_id = named.agency AND indicator_id = named.indicator AND frequency = %(frequency)s
      AND period = named.period AND rule = ANY (%(rules)s) AND (resolved IS NULL OR resolution = 'coordinator')
      AND NOT EXISTS (SELECT FROM federation_hold WHERE finding_id = candidate.id)
    OFFSET 0
) AS finding
