-- For each report named that is sent and not stored, what it is compared with: the total that was current before it, if it
-- comes after `settled`; and the report of the period before, if that has the same total.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
SELECT named.position::int - 1, before.total, previous.id
FROM unnest(
    %(indicators)s::smallint[], %(agencies)s::smallint[], %(periods)s::timestamptz[], %(befores)s::timestamptz[],
    %(settled)s::timestamptz[], %(received)s::timestamptz[], %(totals)s::bigint[]
) WITH ORDINALITY AS named (indicator, agency, period, before, settled, received, total, position)
LEFT JOIN LATERAL (
    SELECT total
    FROM federation_report AS other
    WHERE named.received > named.settled
      AND agency_id = named.agency AND indicator_id = named.indicator AND frequency = %(frequency)s
      AND period = named.period
      -- What was held counted only if it was released.
      AND (
          outcome IN ('current', 'withdrawn')
          OR EXISTS (SELECT FROM federation_hold WHERE report_id = other.id AND decision = 'released')
      )
    ORDER BY prepared DESC, received DESC, submission_id DESC
    LIMIT 1
) AS before ON true
LEFT JOIN LATERAL (
    SELECT coalesce(equals_id, id) AS id
    FROM federation_report
    WHERE agency_id = named.agency AND indicator_id = named.indicator AND frequency = %(frequency)s
      AND period = named.before AND state = 'current' AND total = named.total AND total > 0
    OFFSET 0
) AS previous ON true
