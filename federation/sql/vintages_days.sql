-- The days that have ended on which anything public of a cube changed, in seconds since 1970, and the last version of
-- each of them that changed it.
SELECT extract(epoch FROM date_trunc('day', version.known_at, 'UTC'))::bigint, max(log.version)
FROM federation_periodversion AS log
JOIN federation_version AS version ON version.number = log.version
WHERE log.indicator_id = %(indicator)s AND log.frequency = %(frequency)s AND log.version <= %(version)s
  AND version.known_at < date_trunc('day', clock_timestamp(), 'UTC')
GROUP BY 1
ORDER BY 1
