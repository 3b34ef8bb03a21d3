-- For each report named that is sent and not stored, what it is compared with: how many were current before it, and the
-- total of the last of them; and the report of the period before, if that has the same total.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
SELECT named.position::int - 1, before.revisions, before.total, previous.id
FROM unnest(
    %(indicators)s::smallint[], %(agencies)s::smallint[], %(periods)s::timestamptz[], %(befores)s::timestamptz[],
    %(totals)s::bigint[]
) WITH ORDINALITY AS named (indicator, agency, period, before, total, position)
CROSS JOIN LATERAL (
    SELECT count(*)::int AS revisions,
           (array_agg(total ORDER BY prepared DESC, received DESC, submission_id DESC))[1] AS total
    FROM (
        SELECT total, prepared, received, submission_id
        FROM federation_report AS other
        WHERE agency_id = named.agency AND indicator_id = named.indicator AND frequency = %(frequency)s
          AND period = named.period
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
      AND period = named.before AND state = 'current' AND total = named.total AND total > 0
    OFFSET 0
) AS previous ON true
