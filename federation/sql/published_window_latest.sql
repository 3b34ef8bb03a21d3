-- Of a sliding window: the newest public hour or day of the indicator, which months of the year before it are public, and
-- the highest version that changed anything of the parts that are named. They are named as runs of periods.
WITH newest AS MATERIALIZED (
    SELECT max(period) AS period
    FROM federation_publishedcoverage
    WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND version_to IS NULL
),
months AS MATERIALIZED (
    SELECT coalesce(array_agg(period), '{}') AS periods
    FROM federation_publishedcoverage
    WHERE indicator_id = %(indicator)s AND frequency = 'M' AND version_to IS NULL
      AND period > (SELECT period - interval '1 year' FROM newest)
),
run AS MATERIALIZED (
    SELECT *
    FROM unnest(%(frequencies)s::text[], %(firsts)s::timestamptz[], %(lasts)s::timestamptz[])
        AS named (frequency, first, last)
),
latest AS MATERIALIZED (
    SELECT max(changed.version) AS version
    FROM run
    CROSS JOIN LATERAL (
        SELECT max(version) AS version
        FROM federation_periodversion
        WHERE indicator_id = %(indicator)s AND frequency = run.frequency AND period BETWEEN run.first AND run.last
    ) AS changed
)
