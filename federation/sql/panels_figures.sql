-- All agencies with numbers in each period named, in order of period; the numbers themselves of those agencies only that
-- cover each period whole. One statement, hence one snapshot: no sum lacks an agency because its figure was replaced
-- between two reads.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
WITH reporting AS MATERIALIZED (
    SELECT named.position, figure.agency_id, figure.id, figure.covered_seconds = named.seconds AS is_whole
    FROM unnest(%(periods)s::timestamptz[], %(seconds)s::bigint[]) WITH ORDINALITY AS named (period, seconds, position)
    CROSS JOIN LATERAL (
        SELECT agency_id, id, covered_seconds
        FROM federation_figure
        WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND period = named.period AND source <> 'none'
        OFFSET 0
    ) AS figure
),
whole AS (
    SELECT agency_id
    FROM reporting
    WHERE is_whole
    GROUP BY agency_id
    HAVING count(*) = cardinality(%(periods)s::timestamptz[])
)
SELECT reporting.position::int - 1, reporting.agency_id, figure.*
FROM reporting
LEFT JOIN whole USING (agency_id)
LEFT JOIN LATERAL (
    SELECT final, countries, networks, values
    FROM federation_figure
    WHERE id = reporting.id AND whole.agency_id IS NOT NULL
    OFFSET 0
) AS figure ON true
ORDER BY reporting.position, reporting.agency_id
