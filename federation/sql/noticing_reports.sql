-- For each figure named: its current report; the total that was current before it, where it came after `settled`; and
-- the cells of the period before, where they add up to the same total.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
SELECT named.position::int - 1, root.id, root.withdrawn, root.received, root.countries, root.networks, root.values,
       before.total, previous.countries, previous.networks, previous.values
FROM unnest(
    %(indicators)s::smallint[], %(agencies)s::smallint[], %(periods)s::timestamptz[], %(befores)s::timestamptz[],
    %(settled)s::timestamptz[]
) WITH ORDINALITY AS named (indicator, agency, period, before, settled, position)
CROSS JOIN LATERAL (
    SELECT coalesce(equals_id, id) AS id
    FROM federation_report
    WHERE agency_id = named.agency AND indicator_id = named.indicator AND frequency = %(frequency)s
      AND period = named.period AND state = 'current'
    OFFSET 0
) AS current
CROSS JOIN LATERAL (
    SELECT id, withdrawn, prepared, received, submission_id, total, countries, networks, values
    FROM federation_report
    WHERE id = current.id
    OFFSET 0
) AS root
LEFT JOIN LATERAL (
    SELECT total
    FROM federation_report AS other
    WHERE root.received > named.settled
      AND agency_id = named.agency AND indicator_id = named.indicator AND frequency = %(frequency)s
      AND period = named.period
      AND (prepared, received, submission_id) < (root.prepared, root.received, root.submission_id)
      -- What was held counted only if it was released.
      AND (
          outcome IN ('current', 'withdrawn')
          OR EXISTS (SELECT FROM federation_hold WHERE report_id = other.id AND decision = 'released')
      )
    ORDER BY prepared DESC, received DESC, submission_id DESC
    LIMIT 1
) AS before ON true
LEFT JOIN LATERAL (
    SELECT earlier.countries, earlier.networks, earlier.values
    FROM federation_report AS standing
    JOIN federation_report AS earlier ON earlier.id = coalesce(standing.equals_id, standing.id)
    WHERE standing.agency_id = named.agency AND standing.indicator_id = named.indicator
      AND standing.frequency = %(frequency)s AND standing.period = named.before AND standing.state = 'current'
      AND standing.total = root.total AND root.total > 0
    OFFSET 0
) AS previous ON true
