-- The totals that were released for each key named: the same value is not held again.
SELECT named.position::int - 1, report.total, report.withdrawn
FROM unnest(%(indicators)s::smallint[], %(frequencies)s::text[], %(periods)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, frequency, period, position)
JOIN federation_report AS report
  ON report.agency_id = %(agency)s AND report.indicator_id = named.indicator
 AND report.frequency = named.frequency AND report.period = named.period
JOIN federation_hold AS hold ON hold.report_id = report.id AND hold.decision = 'released'
