-- How many submissions each agency sent since an instant, and its last one: two steps in one index for each.
SELECT wanted.agency, recent.submissions, last.received, last.id
FROM unnest(%(agencies)s::bigint[]) AS wanted (agency)
CROSS JOIN LATERAL (
    SELECT count(*) AS submissions FROM federation_submission
    WHERE agency_id = wanted.agency AND received >= %(since)s
) AS recent
LEFT JOIN LATERAL (
    SELECT received, id FROM federation_submission
    WHERE agency_id = wanted.agency
    ORDER BY received DESC, id DESC
    LIMIT 1
) AS last ON true
