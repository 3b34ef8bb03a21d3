-- When submissions were received, and when a version became public.
SELECT submission.request_id, submission.received, version.known_at
FROM unnest(%(requests)s::uuid[]) AS named (request)
JOIN federation_submission AS submission ON submission.request_id = named.request
CROSS JOIN (SELECT known_at FROM federation_version WHERE number = %(version)s) AS version
