-- Where each expected agency stood in each period of the page, as parallel arrays in no order.
SELECT
    latest.version, version.known_at, (SELECT base FROM federation_roundingseal), following.period,
    coverage.periods, coverage.expected, coverage.reporting, coverage.shares, coverage.statuses, standings.*
FROM latest
CROSS JOIN following
CROSS JOIN coverage
CROSS JOIN (
    SELECT
        coalesce(array_agg(period), '{}'),
        coalesce(array_agg(agency), '{}'),
        coalesce(array_agg(state::text), '{}')
    FROM federation_publishedcoverage
    CROSS JOIN unnest(agencies, states) AS standing (agency, state)
    WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s
      AND period BETWEEN %(first)s AND %(end)s AND period <= (SELECT last FROM coverage) AND {public}
) AS standings
LEFT JOIN federation_version AS version ON version.number = latest.version
