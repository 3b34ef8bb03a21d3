-- The totals that stand for an agency's periods in a range, from the index alone.
SELECT period, total
FROM federation_report
WHERE agency_id = %(agency)s AND indicator_id = %(indicator)s AND frequency = %(frequency)s
  AND period >= %(first)s AND period < %(last)s AND state = 'current' AND NOT withdrawn
