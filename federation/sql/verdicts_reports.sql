-- For each figure named: its current report, with how much of it is not located; how many were current before it, and
-- the total of the last of them; and the report of the period before, if that has the same total. If a total is given,
-- it is that of a report that is sent and not stored, which takes the place of the current one.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
SELECT named.position::int - 1, root.id, root.withdrawn, root.received, coalesce(sent, root.total),
       (
           SELECT coalesce(sum(root.values[place]), 0)::bigint
           FROM unnest(array_positions(root.countries, %(unlocated)s::smallint)) AS place
       ),
       before.revisions, before.total, previous.id
FROM unnest(
    %(indicators)s::smallint[], %(agencies)s::smallint[], %(periods)s::timestamptz[], %(befores)s::timestamptz[],
    %(totals)s::bigint[]
) WITH ORDINALITY AS named (indicator, agency, period, before, sent, position)
LEFT JOIN LATERAL (
    SELECT coalesce(equals_id, id) AS id
    FROM federation_report
    WHERE agency_id = named.agency AND indicator_id = named.indicator AND frequency = %(frequency)s
      AND period = named.period AND state = 'current' AND sent IS NULL
    OFFSET 0
) AS current ON true
LEFT JOIN LATERAL (
    SELECT id, withdrawn, prepared, received, submission_id, total, countries, values
    FROM federation_report
    WHERE id = current.id
    OFFSET 0
) AS root ON true
CROSS JOIN LATERAL (
    SELECT count(*)::int AS revisions,
           (array_agg(total ORDER BY prepared DESC, received DESC, submission_id DESC))[1] AS total
    FROM (
        SELECT total, prepared, received, submission_id
        FROM federation_report AS other
        WHERE agency_id = named.agency AND indicator_id = named.indicator AND frequency = %(frequency)s
          AND period = named.period
          AND (
              sent IS NOT NULL
              OR (prepared, received, submission_id) < (root.prepared, root.received, root.submission_id)
          )
          -- What was held counted only if it was released.
          AND (
              outcome IN ('current', 'withdrawn')
              OR EXISTS (SELECT FROM federation_hold WHERE report_id = other.id AND decision = 'released')
          )
        OFFSET 0
    ) AS other
) AS before
LEFT JOIN LATERAL (
    SELECT coalesce(equals_id, id) AS id
    FROM federation_report
    WHERE agency_id = named.agency AND indicator_id = named.indicator AND frequency = %(frequency)s
      AND period = named.before AND state = 'current' AND total = coalesce(sent, root.total) AND total > 0
    OFFSET 0
) AS previous ON true
WHERE sent IS NOT NULL OR root.id IS NOT NULL
