-- The agencies of the figures named, and the submission with the newest report of each. A derived figure has none.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
SELECT DISTINCT agency.code, newest.submission_id
FROM unnest(%(indicators)s::smallint[], %(agencies)s::smallint[], %(periods)s::timestamptz[])
     AS named (indicator, agency, period)
JOIN countries_agency AS agency ON agency.id = named.agency
LEFT JOIN LATERAL (
    SELECT submission_id
    FROM federation_report
    WHERE indicator_id = named.indicator AND agency_id = named.agency AND frequency = %(frequency)s
      AND period = named.period
    ORDER BY received DESC
    LIMIT 1
    OFFSET 0
) AS newest ON true
