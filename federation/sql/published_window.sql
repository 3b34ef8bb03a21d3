-- A sliding window: the cells of its parts added up, and their coverage put together. One statement reads one snapshot, so
-- parts, version, coverage and cells agree while publications commit.
-- `OFFSET 0` makes the planner look each run up by index: it takes them for a thousand, and would read the whole history.
, part AS MATERIALIZED (
    SELECT agencies, covered, agencies_expected, covered_seconds, owed_seconds, status
    FROM run
    CROSS JOIN LATERAL (
        SELECT agencies, covered, agencies_expected, covered_seconds, owed_seconds, status
        FROM federation_publishedcoverage
        WHERE indicator_id = %(indicator)s AND frequency = run.frequency AND period >= run.first
          AND period < run.until AND version_to IS NULL
        OFFSET 0
    ) AS covered
),
who AS (
    -- An agency that covers a second of any part has reported.
    SELECT count(DISTINCT agency) AS expected, count(DISTINCT agency) FILTER (WHERE seconds > 0) AS reporting
    FROM part
    CROSS JOIN unnest(agencies, covered) AS standing (agency, seconds)
),
coverage AS (
    SELECT
        CASE WHEN sum(owed_seconds) > 0 THEN sum(covered_seconds) * 10000 / sum(owed_seconds) ELSE -1 END AS share,
        -- Parts in which nobody is expected do not count.
        coalesce(bool_and(status = 'A') FILTER (WHERE agencies_expected > 0), false) AS is_final
    FROM part
),
cells AS (
    SELECT country, sum(value) AS value
    FROM run
    CROSS JOIN LATERAL (
        SELECT country, value
        FROM federation_publishedcell
        WHERE indicator_id = %(indicator)s AND frequency = run.frequency AND country = ANY (%(countries)s::smallint[])
          AND network = 0 AND period >= run.first AND period < run.until AND version_to IS NULL
        OFFSET 0
    ) AS cell
    GROUP BY country
)
SELECT
    span.start, span."end", latest.version, version.known_at, (SELECT base FROM federation_roundingseal),
    ARRAY[extract(epoch FROM span.start)::bigint],
    ARRAY[who.expected::smallint],
    ARRAY[who.reporting::smallint],
    ARRAY[trunc(coverage.share)::bigint],
    CASE WHEN coverage.is_final THEN 'A' ELSE 'P' END,
    (SELECT coalesce(array_agg(country ORDER BY country), '{}') FROM cells),
    (SELECT coalesce(array_agg(value::bigint ORDER BY country), '{}') FROM cells)
FROM span
CROSS JOIN latest
CROSS JOIN who
CROSS JOIN coverage
LEFT JOIN federation_version AS version ON version.number = latest.version
