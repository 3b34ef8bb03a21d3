-- For each figure named: the current report of its own frequency, or that there once was a report.
SELECT named.position::int - 1, current.status, current.withdrawn,
       root.countries, root.networks, root.values
FROM unnest(%(indicators)s::smallint[], %(agencies)s::smallint[], %(periods)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, agency, period, position)
LEFT JOIN federation_report AS current
  ON current.agency_id = named.agency
 AND current.indicator_id = named.indicator
 AND current.frequency = %(frequency)s
 AND current.period = named.period
 AND current.state = 'current'
LEFT JOIN federation_report AS root ON root.id = coalesce(current.equals_id, current.id)
WHERE EXISTS (
    SELECT FROM federation_report AS ever
    WHERE ever.agency_id = named.agency
      AND ever.indicator_id = named.indicator
      AND ever.frequency = %(frequency)s
      AND ever.period = named.period
)
