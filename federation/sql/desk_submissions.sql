-- What each agency sent since an instant, and when anything last came from it: two steps in one index for each.
SELECT asked.agency, recent.submissions, last.received
FROM unnest(%(agencies)s::bigint[]) AS asked (agency)
CROSS JOIN LATERAL (
    SELECT count(*) AS submissions FROM federation_submission
    WHERE agency_id = asked.agency AND received >= %(since)s
) AS recent
LEFT JOIN LATERAL (
    SELECT received FROM federation_submission
    WHERE agency_id = asked.agency
    ORDER BY received DESC, id DESC
    LIMIT 1
) AS last ON true
