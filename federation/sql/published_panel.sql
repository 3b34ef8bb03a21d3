-- A panel, and the first of the periods asked for, with their cells and those of a year before under the same periods;
-- {public} holds for the rows that are public, or were at a version. One statement, hence one snapshot.
, page AS MATERIALIZED (
    SELECT period, status, countries, "values"
    FROM federation_publishedpanelperiod
    WHERE indicator_id = %(indicator)s AND months = %(panel)s AND frequency = %(frequency)s
      AND period BETWEEN %(first)s AND %(end)s AND {public}
    ORDER BY period
    LIMIT %(periods)s
),
coverage AS MATERIALIZED (
    SELECT
        coalesce(array_agg(period ORDER BY period), '{}') AS periods,
        coalesce(string_agg(status, '' ORDER BY period), '') AS statuses,
        max(period) AS last
    FROM page
),
following AS (
    SELECT min(period) AS period
    FROM federation_publishedpanelperiod
    WHERE indicator_id = %(indicator)s AND months = %(panel)s AND frequency = %(frequency)s
      AND period > (SELECT last FROM coverage) AND period <= %(end)s AND {public}
),
panel AS (
    SELECT start, "end", agencies
    FROM federation_publishedpanel
    WHERE indicator_id = %(indicator)s AND months = %(panel)s AND frequency = %(frequency)s AND {public}
),
earlier AS (
    SELECT period + %(year)s::interval AS period, countries, "values"
    FROM federation_publishedpanelperiod
    WHERE indicator_id = %(indicator)s AND months = %(panel)s AND frequency = %(frequency)s
      AND period + %(year)s::interval BETWEEN %(first)s AND (SELECT last FROM coverage) AND {public}
)
SELECT
    latest.version, version.known_at, (SELECT base FROM federation_roundingseal), following.period,
    panel.start, panel."end", panel.agencies, coverage.periods, coverage.statuses, cells.*, before.*
FROM latest
CROSS JOIN following
CROSS JOIN coverage
CROSS JOIN (
    SELECT
        coalesce(array_agg(page.period), '{}'),
        coalesce(array_agg(cell.country), '{}'),
        coalesce(array_agg(cell.value), '{}')
    FROM page
    CROSS JOIN unnest(countries, "values") AS cell (country, value)
    WHERE cell.country = ANY (%(countries)s::smallint[])
) AS cells
CROSS JOIN (
    SELECT
        coalesce(array_agg(earlier.period), '{}'),
        coalesce(array_agg(cell.country), '{}'),
        coalesce(array_agg(cell.value), '{}')
    FROM earlier
    CROSS JOIN unnest(countries, "values") AS cell (country, value)
    WHERE cell.country = ANY (%(countries)s::smallint[])
) AS before
LEFT JOIN panel ON true
LEFT JOIN federation_version AS version ON version.number = latest.version
