-- Where each expected agency stood in each period of the page, as parallel arrays in order of period.
SELECT
    latest.version, version.known_at, (SELECT base FROM federation_roundingseal), following.period, coverage.*, standings.*
FROM latest
CROSS JOIN following
CROSS JOIN coverage
CROSS JOIN (
    SELECT
        coalesce(array_agg(extract(epoch FROM period)::bigint ORDER BY period, position), '{}'),
        coalesce(array_agg(agency ORDER BY period, position), '{}'),
        coalesce(array_agg(state::text ORDER BY period, position), '{}')
    FROM federation_publishedcoverage
    CROSS JOIN unnest(agencies, states) WITH ORDINALITY AS standing (agency, state, position)
    WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s
      AND period BETWEEN %(first)s AND %(end)s AND period <= (SELECT max(period) FROM page) AND {public}
) AS standings
LEFT JOIN federation_version AS version ON version.number = latest.version
