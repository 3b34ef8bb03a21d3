-- The current report for each key that a submission names, if there is one, and the one that waits for a decision.
-- Reports without arrays of their own point to the one that they equal; `root` is where the arrays are.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
SELECT named.position::int - 1, report.*
FROM unnest(%(indicators)s::smallint[], %(frequencies)s::text[], %(periods)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, frequency, period, position)
CROSS JOIN LATERAL (
    SELECT state, id, prepared, received, submission_id, digest, coalesce(equals_id, id) AS root, total, withdrawn
    FROM federation_report
    WHERE agency_id = %(agency)s AND indicator_id = named.indicator AND frequency = named.frequency
      AND period = named.period AND state = 'current'
    UNION ALL
    SELECT state, id, prepared, received, submission_id, digest, coalesce(equals_id, id), total, withdrawn
    FROM federation_report
    WHERE agency_id = %(agency)s AND indicator_id = named.indicator AND frequency = named.frequency
      AND period = named.period AND state = 'held'
    OFFSET 0
) AS report
