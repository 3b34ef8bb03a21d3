-- A sliding window: the cells of its parts added up, and their coverage put together. It ends with the newest published
-- hour or day before the first one that waits for agencies. Its parts are runs of periods, one for each calendar month
-- that it touches: the month itself, if it is published and stands for its days, or else its hours or days. `parts` has
-- the first period of each run of hours or days. One statement reads one snapshot, so parts, version, coverage and cells
-- agree while publications commit. No part is read for who only looks up the version.
-- `OFFSET 0` makes the planner look each run up by index: it takes them for a thousand, and would read the whole history.
WITH span AS MATERIALIZED (
    SELECT
        max(period) + %(part)s::interval - %(window)s::interval AS start,
        max(period) + %(part)s::interval AS "end"
    FROM federation_publishedcoverage
    WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND version_to IS NULL
      AND period < (
          SELECT coalesce(min(period), 'infinity')
          FROM federation_publishedcoverage
          WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND version_to IS NULL AND status = 'O'
      )
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
        AND version_to IS NULL AND status <> 'O' AND month >= span.start AND month + interval '1 month' <= span."end"
),
latest AS MATERIALIZED (
    SELECT max(changed.version) AS version
    FROM run
    CROSS JOIN LATERAL (
        SELECT max(version) AS version
        FROM federation_periodversion
        WHERE indicator_id = %(indicator)s AND frequency = run.frequency AND period >= run.first AND period < run.until
    ) AS changed
),
part AS MATERIALIZED (
    SELECT run.frequency, covered.*
    FROM run
    CROSS JOIN LATERAL (
        SELECT
            period, agencies, covered, owed, agencies_expected, agencies_reporting, status,
            coalesce(counted_from, period) AS counted_from
        FROM federation_publishedcoverage
        WHERE indicator_id = %(indicator)s AND frequency = run.frequency AND period >= run.first
          AND period < run.until AND version_to IS NULL
        OFFSET 0
    ) AS covered
    WHERE %(parts)s
),
who AS (
    -- An agency that covers a second of any part has reported. It begins with its first part. An instant that a part is
    -- counted from lies within this part, so the earliest one is that of the first part.
    SELECT
        agency, sum(standing.covered) AS covered, sum(standing.owed) AS owed, min(counted_from) AS begins,
        min(period) AS first, count(*) AS parts, bool_or(frequency = %(frequency)s) AS owes_shorter_parts
    FROM part
    CROSS JOIN unnest(agencies, covered, owed) AS standing (agency, covered, owed)
    GROUP BY agency
),
coverage AS (
    SELECT
        count(*) AS expected, count(*) FILTER (WHERE covered > 0) AS reporting,
        coalesce(sum(covered), 0)::bigint AS covered, coalesce(sum(owed), 0)::bigint AS owed,
        -- An agency that is not expected until the end of the window does not begin in it. An agency that owes only
        -- months does not begin with the window's first month if others owe days.
        coalesce(
            max(begins) FILTER (
                WHERE who.parts = (
                    SELECT count(*) FROM part
                    WHERE agencies_expected > 0 AND period >= who.first
                      AND (owes_shorter_parts OR frequency <> %(frequency)s)
                )
                AND (owes_shorter_parts OR begins > (SELECT min(period) FROM part WHERE frequency <> %(frequency)s))
            ),
            min(begins)
        ) AS counted_from,
        -- Parts in which nobody is expected do not count.
        (SELECT every(status = 'A') FROM part WHERE agencies_expected > 0) AS is_final
    FROM who
),
cells AS (
    SELECT country, sum(value) AS value
    FROM run
    CROSS JOIN LATERAL (
        SELECT country, period, value
        FROM federation_publishedcell
        WHERE indicator_id = %(indicator)s AND frequency = run.frequency AND country = ANY (%(countries)s::smallint[])
          AND network = 0 AND period >= run.first AND period < run.until AND version_to IS NULL
        OFFSET 0
    ) AS cell
    -- Where everything was withdrawn, the rounding of the change may leave a number that means nothing.
    WHERE %(parts)s
      AND (run.frequency, period) NOT IN (SELECT frequency, period FROM part WHERE agencies_reporting = 0)
    GROUP BY country
)
SELECT
    span."end", latest.version, version.known_at, (SELECT base FROM federation_roundingseal) AS rounding_base,
    ARRAY[span.start] AS periods,
    ARRAY[coverage.expected::smallint] AS agencies_expected,
    ARRAY[coverage.reporting::smallint] AS agencies_reporting,
    coverage.covered, coverage.owed,
    CASE WHEN coverage.is_final AND coverage.counted_from <= span.start THEN 'A' ELSE 'P' END AS status,
    ARRAY[coalesce(coverage.counted_from, span.start)] AS counted_from,
    (SELECT coalesce(array_agg(first), '{}') FROM run WHERE frequency = %(frequency)s AND first < until) AS parts,
    (SELECT coalesce(array_agg(country ORDER BY country), '{}') FROM cells) AS countries,
    (SELECT coalesce(array_agg(value::bigint ORDER BY country), '{}') FROM cells) AS values
FROM span
CROSS JOIN latest
CROSS JOIN coverage
LEFT JOIN federation_version AS version ON version.number = latest.version
