-- The values of some series just before some versions and since, where they differ: parallel arrays, with the positions
-- of the change and of the series. A value that is not known is null. A series is left out in versions before its
-- first cell (`since`). Of each series and period, only the two newest rows up to the version are looked up.
WITH found AS (
    SELECT
        changed.position AS change, series.position AS series,
        CASE WHEN changed.known_before THEN cell.value_before END AS value_before,
        CASE WHEN changed.known_after THEN cell.value_after END AS value_after
    FROM unnest(
        %(versions)s::bigint[], %(periods)s::timestamptz[], %(known_before)s::boolean[], %(known_after)s::boolean[]
    ) WITH ORDINALITY AS changed (version, period, known_before, known_after, position)
    JOIN unnest(%(countries)s::smallint[], %(networks)s::smallint[], %(since)s::bigint[])
        WITH ORDINALITY AS series (country, network, since, position) ON series.since <= changed.version
    CROSS JOIN LATERAL (
        SELECT
            coalesce(sum(value) FILTER (
                WHERE version_from < changed.version AND (version_to IS NULL OR version_to >= changed.version)
            ), 0)::bigint AS value_before,
            coalesce(sum(value) FILTER (
                WHERE version_to IS NULL OR version_to > changed.version
            ), 0)::bigint AS value_after
        FROM (
            SELECT value, version_from, version_to
            FROM federation_publishedcell
            WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND country = series.country
              AND network = series.network AND period = changed.period AND version_from <= changed.version
            ORDER BY version_from DESC
            LIMIT 2
        ) AS newest
    ) AS cell
)
SELECT change::int - 1, series::int - 1, value_before, value_after
FROM found
WHERE value_before IS DISTINCT FROM value_after
ORDER BY change, series
