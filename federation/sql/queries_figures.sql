-- One agency's figures of a range of periods, in order.
SELECT period, source, covered_seconds, countries, networks, values
FROM federation_figure
WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND agency_id = %(agency)s
  AND period BETWEEN %(first)s AND %(last)s AND source <> 'none'
ORDER BY period
LIMIT %(limit)s
