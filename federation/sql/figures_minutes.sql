-- For each hour named: its current minute reports. The reports stay; minute figures do not.
SELECT named.position::int - 1, report.period, report.status, report.withdrawn,
       root.countries, root.networks, root.values
FROM unnest(%(indicators)s::smallint[], %(agencies)s::smallint[], %(periods)s::timestamptz[], %(ends)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, agency, period, ends, position)
JOIN federation_report AS report
  ON report.agency_id = named.agency
 AND report.indicator_id = named.indicator
 AND report.frequency = 'N'
 AND report.period >= named.period
 AND report.period < named.ends
 AND report.state = 'current'
JOIN federation_report AS root ON root.id = coalesce(report.equals_id, report.id)
