-- How many submissions each agency sent since an instant, and when its last one came: two steps in one index for each.
SELECT wanted.agency, recent.submissions, last.received
FROM unnest(%(agencies)s::bigint[]) AS wanted (agency)
CROSS JOIN LATERAL (
    SELECT count(*) AS submissions FROM federation_submission
    WHERE agency_id = wanted.agency AND received >= %(since)s
) AS recent
LEFT JOIN LATERAL (
    SELECT received FROM federation_submission
    WHERE agency_id = wanted.agency
    ORDER BY received DESC, id DESC
    LIMIT 1
) AS last ON true
