-- When versions became public, in milliseconds since 1970.
SELECT coalesce(array_agg(number), '{}'), coalesce(array_agg((extract(epoch FROM known_at) * 1000)::bigint), '{}')
FROM federation_version
WHERE number = ANY (%(versions)s::bigint[])
