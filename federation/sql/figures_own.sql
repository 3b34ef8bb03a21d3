-- For each figure named that was ever reported: whether a report waits for a decision, and the current report of its
-- own frequency, if there is one.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
SELECT named.position::int - 1,
       EXISTS (
           SELECT FROM federation_report AS waiting
           WHERE waiting.agency_id = named.agency AND waiting.indicator_id = named.indicator
             AND waiting.frequency = %(frequency)s AND waiting.period = named.period AND waiting.state = 'held'
           OFFSET 0
       ),
       current.status, current.withdrawn, root.countries, root.networks, root.values
FROM unnest(%(indicators)s::smallint[], %(agencies)s::smallint[], %(periods)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, agency, period, position)
LEFT JOIN LATERAL (
    SELECT status, withdrawn, coalesce(equals_id, id) AS root
    FROM federation_report
    WHERE agency_id = named.agency AND indicator_id = named.indicator AND frequency = %(frequency)s
      AND period = named.period AND state = 'current'
    OFFSET 0
) AS current ON true
LEFT JOIN LATERAL (
    SELECT countries, networks, values FROM federation_report WHERE id = current.root OFFSET 0
) AS root ON true
WHERE EXISTS (
    SELECT FROM federation_report AS ever
    WHERE ever.agency_id = named.agency AND ever.indicator_id = named.indicator
      AND ever.frequency = %(frequency)s AND ever.period = named.period
    OFFSET 0
)
