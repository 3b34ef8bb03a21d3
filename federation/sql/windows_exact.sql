-- The exact sums that a sliding window adds up.
SELECT countries, values
FROM federation_combinedfigure
WHERE indicator_id = %s AND frequency = %s AND period >= %s AND period < %s
