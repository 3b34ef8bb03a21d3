-- Reports of one submission in the order in which they were sent.
SELECT position, indicator_id, frequency, period, status, withdrawn, total, outcome, state
FROM federation_report
WHERE submission_id = %(submission)s AND position >= %(first)s
ORDER BY position
LIMIT %(limit)s
