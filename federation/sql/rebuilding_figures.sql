-- Every figure of a frequency that is stored, or that a report makes necessary.
-- A week has no months in it; a month report is no part of a week.
SELECT DISTINCT report.indicator_id, report.agency_id, period.start
FROM federation_report AS report
CROSS JOIN LATERAL (
    SELECT CASE %(frequency)s
        WHEN 'N' THEN report.period
        WHEN 'H' THEN date_trunc('hour', report.period, 'UTC')
        WHEN 'D' THEN date_trunc('day', report.period, 'UTC')
        WHEN 'W' THEN date_trunc('week', report.period, 'UTC')
        WHEN 'M' THEN date_trunc('month', report.period, 'UTC')
        WHEN 'A' THEN date_trunc('year', report.period, 'UTC')
    END AS start
) AS period
WHERE report.frequency = ANY(
    CASE %(frequency)s
        WHEN 'N' THEN '{N}'
        WHEN 'H' THEN '{N,H}'
        WHEN 'D' THEN '{N,H,D}'
        WHEN 'W' THEN '{N,H,D}'
        ELSE '{N,H,D,M}'
    END::text[]
)
  AND report.period >= %(since)s
UNION
SELECT figure.indicator_id, figure.agency_id, figure.period
FROM federation_figure AS figure
WHERE figure.frequency = %(frequency)s AND figure.period >= %(since)s
