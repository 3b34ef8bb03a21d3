-- All agencies' figures of the first periods in a range that have any, in order of period.
SELECT period, agency_id, covered_seconds, countries, networks, values
FROM federation_figure
WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND source <> 'none'
  AND period IN (
    SELECT DISTINCT period
    FROM federation_figure
    WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s
      AND period BETWEEN %(first)s AND %(last)s AND source <> 'none'
    ORDER BY period
    LIMIT %(limit)s
  )
ORDER BY period, agency_id
