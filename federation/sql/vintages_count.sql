-- How many changes of some periods came after one version and up to another, counted up to a number of them.
SELECT count(*)
FROM (
    SELECT 1
    FROM federation_periodversion AS log
    WHERE log.indicator_id = %(indicator)s AND log.frequency = %(frequency)s
      AND log.period BETWEEN %(start)s AND %(end)s AND log.version > %(after)s AND log.version <= %(version)s
    LIMIT %(most)s
) AS counted
