-- The periods in which anything public changed after one version and up to another, in order.
SELECT coalesce(array_agg(DISTINCT log.period ORDER BY log.period), '{}')
FROM federation_periodversion AS log
WHERE log.indicator_id = %(indicator)s AND log.frequency = %(frequency)s
  AND log.period BETWEEN %(start)s AND %(end)s AND log.version > %(after)s AND log.version <= %(version)s
