-- The first periods of a range in which any agency has a figure.
SELECT DISTINCT period
FROM federation_figure
WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s
  AND period BETWEEN %(first)s AND %(last)s AND source <> 'none'
ORDER BY period
LIMIT %(limit)s
