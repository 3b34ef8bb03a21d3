-- A panel, and the first of the periods asked for, with their cells and those of a year before under the same periods;
-- and the highest version, up to a given one, that changed who it is made of or any of its numbers. One statement reads
-- one snapshot. No period is read for who asks for none: that is how a version is looked up.
-- A past view replaces `version_to IS NULL` by the condition of that view.
WITH latest AS MATERIALIZED (
    SELECT greatest(
        (
            SELECT max(version_from)
            FROM federation_publishedpanelperiod
            WHERE indicator_id = %(indicator)s AND months = %(panel)s AND frequency = %(frequency)s
              AND version_from <= %(version)s
        ),
        (
            SELECT max(version_from)
            FROM federation_publishedpanel
            WHERE indicator_id = %(indicator)s AND months = %(panel)s AND frequency = %(frequency)s
              AND version_from <= %(version)s
        ),
        -- A panel that is no more is a change too.
        (
            SELECT max(version_to)
            FROM federation_publishedpanel
            WHERE indicator_id = %(indicator)s AND months = %(panel)s AND frequency = %(frequency)s
              AND version_to <= %(version)s
        )
    ) AS version
),
page AS MATERIALIZED (
    SELECT period, status, countries, "values"
    FROM federation_publishedpanelperiod
    WHERE indicator_id = %(indicator)s AND months = %(panel)s AND frequency = %(frequency)s
      AND period BETWEEN %(first)s AND %(end)s AND version_to IS NULL
    ORDER BY period
    LIMIT %(periods)s
),
coverage AS MATERIALIZED (
    SELECT
        coalesce(array_agg(period ORDER BY period), '{}') AS periods,
        coalesce(string_agg(status, '' ORDER BY period), '') AS status,
        max(period) AS last
    FROM page
),
panel AS (
    SELECT start, "end", agencies
    FROM federation_publishedpanel
    WHERE indicator_id = %(indicator)s AND months = %(panel)s AND frequency = %(frequency)s AND version_to IS NULL
),
earlier AS (
    SELECT period + %(year)s::interval AS period, countries, "values"
    FROM federation_publishedpanelperiod
    WHERE indicator_id = %(indicator)s AND months = %(panel)s AND frequency = %(frequency)s
      AND period + %(year)s::interval BETWEEN %(first)s AND (SELECT last FROM coverage) AND version_to IS NULL
)
SELECT
    latest.version, version.known_at, (SELECT base FROM federation_roundingseal) AS rounding_base,
    (
        SELECT min(period)
        FROM federation_publishedpanelperiod
        WHERE indicator_id = %(indicator)s AND months = %(panel)s AND frequency = %(frequency)s
          AND period > coverage.last AND period <= %(end)s AND version_to IS NULL
    ) AS following,
    panel.start, panel."end", coalesce(panel.agencies, '{}') AS agencies, coverage.periods, coverage.status, cells.*, before.*
FROM latest
CROSS JOIN coverage
CROSS JOIN (
    SELECT
        coalesce(array_agg(page.period), '{}') AS cells,
        coalesce(array_agg(cell.country), '{}') AS countries,
        coalesce(array_agg(cell.value), '{}') AS values
    FROM page
    CROSS JOIN unnest(countries, "values") AS cell (country, value)
    WHERE cell.country = ANY (%(countries)s::smallint[])
) AS cells
CROSS JOIN (
    SELECT
        coalesce(array_agg(earlier.period), '{}') AS earlier_cells,
        coalesce(array_agg(cell.country), '{}') AS earlier_countries,
        coalesce(array_agg(cell.value), '{}') AS earlier_values
    FROM earlier
    CROSS JOIN unnest(countries, "values") AS cell (country, value)
    WHERE cell.country = ANY (%(countries)s::smallint[]) AND earlier.period IN (SELECT period FROM page)
) AS before
LEFT JOIN panel ON true
LEFT JOIN federation_version AS version ON version.number = latest.version
