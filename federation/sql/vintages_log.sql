-- The versions, after one and up to another, that changed anything public of some periods, with their times, and which
-- periods: parallel arrays in order of version.
SELECT
    coalesce(array_agg(log.version ORDER BY log.version, log.period), '{}'),
    coalesce(array_agg(log.period ORDER BY log.version, log.period), '{}')
FROM federation_periodversion AS log
WHERE log.indicator_id = %(indicator)s AND log.frequency = %(frequency)s
  AND log.period BETWEEN %(start)s AND %(end)s AND log.version > %(after)s AND log.version <= %(version)s
