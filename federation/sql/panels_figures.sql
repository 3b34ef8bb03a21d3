-- The figures of those agencies that cover each period named whole, in order of period. One statement, hence one
-- snapshot: no sum lacks an agency because its figure was replaced between two reads.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
WITH whole AS MATERIALIZED (
    SELECT named.position, figure.*
    FROM unnest(%(periods)s::timestamptz[], %(seconds)s::bigint[]) WITH ORDINALITY AS named (period, seconds, position)
    CROSS JOIN LATERAL (
        SELECT agency_id, id
        FROM federation_figure
        WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND period = named.period
          AND source <> 'none' AND covered_seconds = named.seconds
        OFFSET 0
    ) AS figure
),
panel AS (
    SELECT agency_id FROM whole GROUP BY agency_id HAVING count(*) = cardinality(%(periods)s::timestamptz[])
)
SELECT whole.position::int - 1, whole.agency_id, figure.*
FROM whole
JOIN panel USING (agency_id)
CROSS JOIN LATERAL (
    SELECT final, countries, networks, values FROM federation_figure WHERE id = whole.id OFFSET 0
) AS figure
ORDER BY whole.position, whole.agency_id
