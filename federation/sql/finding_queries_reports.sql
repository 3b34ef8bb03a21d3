-- The findings about the reports of one submission: each once, at the first report that it is about.
-- A report that equals an earlier one shares the findings of that, but not its hold.
WITH sent AS (
    SELECT id, coalesce(equals_id, id) AS root, position
    FROM federation_report
    WHERE submission_id = %(submission)s
), about AS (
    SELECT finding.id, sent.position
    FROM sent JOIN federation_finding AS finding ON finding.report_id = sent.root
    UNION ALL
    SELECT hold.finding_id, sent.position
    FROM sent JOIN federation_hold AS hold ON hold.report_id = sent.id
), first AS (
    SELECT id, min(position) AS position FROM about GROUP BY id
)
SELECT first.position, finding.id, rule, state, frequency, period, last_period, facts, indicator_id
FROM first JOIN federation_finding AS finding USING (id)
WHERE first.position BETWEEN %(first)s AND %(last)s
ORDER BY first.position, rule, finding.id
