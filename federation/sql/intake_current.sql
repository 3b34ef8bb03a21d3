-- The current report for each key that a submission names, if there is one.
-- Reports without arrays of their own point to the one that they equal; `root` is where the arrays are.
SELECT named.position::int, report.id, report.prepared, report.received, report.submission_id,
       report.digest, coalesce(report.equals_id, report.id) AS root
FROM unnest(%(indicators)s::smallint[], %(frequencies)s::text[], %(periods)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, frequency, period, position)
JOIN federation_report AS report
  ON report.agency_id = %(agency)s
 AND report.indicator_id = named.indicator
 AND report.frequency = named.frequency
 AND report.period = named.period
WHERE report.state = 'current'
