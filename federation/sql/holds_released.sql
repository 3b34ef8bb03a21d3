-- What was ever released for an agency's periods in a range: the same value is not held again.
SELECT report.indicator_id, report.frequency, report.period, report.total, report.withdrawn
FROM federation_finding AS finding
JOIN federation_hold AS hold ON hold.finding_id = finding.id AND hold.decision = 'released'
JOIN federation_report AS report ON report.id = hold.report_id
WHERE finding.agency_id = %(agency)s AND finding.indicator_id = ANY (%(indicators)s::smallint[])
  AND finding.rule IN ('R102', 'R106') AND report.period BETWEEN %(first)s AND %(last)s
