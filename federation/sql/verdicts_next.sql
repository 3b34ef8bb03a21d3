-- Which of the figures named have a period after them whose report may repeat theirs, or has an open finding that it
-- does.
SELECT named.position::int - 1
FROM unnest(
    %(indicators)s::smallint[], %(agencies)s::smallint[], %(periods)s::timestamptz[], %(ends)s::timestamptz[]
) WITH ORDINALITY AS named (indicator, agency, period, ends, position)
WHERE (
    SELECT total
    FROM federation_report
    WHERE agency_id = named.agency AND indicator_id = named.indicator AND frequency = %(frequency)s
      AND period = named.period AND state = 'current' AND total > 0
) = (
    SELECT total
    FROM federation_report
    WHERE agency_id = named.agency AND indicator_id = named.indicator AND frequency = %(frequency)s
      AND period = named.ends AND state = 'current'
) OR EXISTS (
    SELECT FROM federation_finding
    WHERE agency_id = named.agency AND indicator_id = named.indicator AND frequency = %(frequency)s
      AND period = named.ends AND rule = 'R104' AND resolved IS NULL
)
