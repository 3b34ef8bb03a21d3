-- A sliding window: it ends with the newest published hour or day. Its parts are runs of periods, one for each calendar
-- month that it touches: the month itself, if it is published and stands for its days, or else its hours or days.
WITH span AS MATERIALIZED (
    SELECT
        max(period) + %(part)s::interval - %(window)s::interval AS start,
        max(period) + %(part)s::interval AS "end"
    FROM federation_publishedcoverage
    WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND version_to IS NULL
    HAVING max(period) IS NOT NULL
),
run AS MATERIALIZED (
    SELECT
        coalesce(whole.frequency, %(frequency)s) AS frequency,
        greatest(month, span.start) AS first, least(month + interval '1 month', span."end") AS until
    FROM span
    CROSS JOIN generate_series(date_trunc('month', span.start), span."end", interval '1 month') AS month
    LEFT JOIN federation_publishedcoverage AS whole
        ON %(by_month)s AND indicator_id = %(indicator)s AND whole.frequency = 'M' AND period = month
        AND version_to IS NULL AND month >= span.start AND month + interval '1 month' <= span."end"
),
latest AS MATERIALIZED (
    SELECT max(changed.version) AS version
    FROM run
    CROSS JOIN LATERAL (
        SELECT max(version) AS version
        FROM federation_periodversion
        WHERE indicator_id = %(indicator)s AND frequency = run.frequency AND period >= run.first AND period < run.until
    ) AS changed
)
