-- The cells of the page, as parallel arrays in no order; which series they are of is said if there are several.
SELECT
    latest.version, version.known_at, (SELECT base FROM federation_roundingseal), following.period,
    coverage.periods, coverage.expected, coverage.reporting, coverage.shares, coverage.statuses, cells.*
FROM latest
CROSS JOIN following
CROSS JOIN coverage
CROSS JOIN (
    SELECT
        coalesce(array_agg(period), '{}'),
        coalesce(array_agg(country) FILTER (WHERE %(several)s), '{}'),
        coalesce(array_agg(network) FILTER (WHERE %(several)s), '{}'),
        coalesce(array_agg(value), '{}')
    FROM federation_publishedcell
    WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s
      AND country = ANY (%(countries)s::smallint[]) AND network = ANY (%(networks)s::smallint[])
      AND period BETWEEN %(first)s AND %(end)s AND period <= (SELECT last FROM coverage) AND {public}
) AS cells
LEFT JOIN federation_version AS version ON version.number = latest.version
