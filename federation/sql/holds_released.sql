-- The reports ever released for an agency's periods in a range, and whether a current one has the same total. That
-- total is not held again.
SELECT report.frequency, report.period, report.total, report.withdrawn,
       EXISTS (
           SELECT FROM federation_report AS current
           WHERE current.agency_id = report.agency_id AND current.indicator_id = report.indicator_id
             AND current.frequency = report.frequency AND current.period = report.period
             AND current.state = 'current' AND current.total = report.total AND NOT current.withdrawn
       )
FROM federation_finding AS finding
JOIN federation_hold AS hold ON hold.finding_id = finding.id AND hold.decision = 'released'
JOIN federation_report AS report ON report.id = hold.report_id
WHERE finding.agency_id = %(agency)s AND finding.indicator_id = %(indicator)s
  AND report.period >= %(first)s AND report.period < %(ends)s
