-- All reports, in the order in which they came, for the keys at which another report may have to be the current one: the
-- highest in rank is not current, or a receipt cannot be true because a report stored later was received long before.
WITH ranked AS (
    SELECT report.id, agency_id, indicator_id, frequency, period, state, prepared, received, submission_id,
           outcome, counted,
           received > min(received) OVER (key ORDER BY report.id ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
               + %(contradiction)s AS contradicted,
           row_number() OVER (key ORDER BY counted DESC, prepared DESC, received DESC, submission_id DESC) AS place
    FROM federation_report AS report
    LEFT JOIN federation_hold AS hold ON hold.report_id = report.id
    -- Whether it was the current one, or equal to that, at any time.
    CROSS JOIN LATERAL (
        SELECT outcome IN ('current', 'withdrawn', 'unchanged') OR hold.decision IS NOT DISTINCT FROM 'released'
    ) AS known (counted)
    WHERE (%(agency)s::smallint IS NULL OR agency_id = %(agency)s)
      AND (%(indicator)s::smallint IS NULL OR indicator_id = %(indicator)s)
    WINDOW key AS (PARTITION BY agency_id, indicator_id, frequency, period)
), doubtful AS (
    SELECT DISTINCT agency_id, indicator_id, frequency, period
    FROM ranked
    WHERE contradicted OR (state = 'current') <> (place = 1 AND counted)
)
SELECT agency_id, indicator_id, frequency, period, id, state, counted, prepared, received, submission_id
FROM ranked JOIN doubtful USING (agency_id, indicator_id, frequency, period)
WHERE counted OR outcome = 'superseded'
ORDER BY agency_id, indicator_id, frequency, period, id
