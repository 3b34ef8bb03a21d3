-- The current totals of an agency's hours, days and months in some stretches of time, and the sums of its minutes by
-- hour with how many there are, from the index alone. Stretches are whole hours, and no two of a frequency overlap.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
WITH named AS MATERIALIZED (
    SELECT *
    FROM unnest(%(frequencies)s::text[], %(firsts)s::timestamptz[], %(ends)s::timestamptz[])
         AS stretch (frequency, first, ends)
)
SELECT named.frequency, report.period, report.total, 1::bigint
FROM named
CROSS JOIN LATERAL (
    SELECT period, total
    FROM federation_report
    WHERE agency_id = %(agency)s AND indicator_id = %(indicator)s AND frequency = named.frequency
      AND period >= named.first AND period < named.ends AND state = 'current' AND NOT withdrawn
    OFFSET 0
) AS report
WHERE named.frequency <> 'N'
UNION ALL
SELECT named.frequency, hours.hour, hours.total, hours.minutes
FROM named
CROSS JOIN LATERAL (
    SELECT date_trunc('hour', period, 'UTC') AS hour, sum(total)::bigint AS total, count(*) AS minutes
    FROM federation_report
    WHERE agency_id = %(agency)s AND indicator_id = %(indicator)s AND frequency = 'N'
      AND period >= named.first AND period < named.ends AND state = 'current' AND NOT withdrawn
    GROUP BY 1
    OFFSET 0
) AS hours
WHERE named.frequency = 'N'
