-- The cells of some series in all versions up to one, as parallel arrays in no order; a version_to of 0 stands for none.
-- A series at a time, so that each is one stretch of an index.
SELECT
    coalesce(array_agg((named.position - 1)::smallint), '{}'),
    coalesce(array_agg(cell.period), '{}'),
    coalesce(array_agg(cell.value), '{}'),
    coalesce(array_agg(cell.version_from), '{}'),
    coalesce(array_agg(cell.version_to), '{}')
FROM unnest(%(countries)s::smallint[], %(networks)s::smallint[]) WITH ORDINALITY AS named (country, network, position)
CROSS JOIN LATERAL (
    -- What is public now is read from an index alone.
    SELECT period, value, version_from, 0::bigint AS version_to
    FROM federation_publishedcell
    WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s
      AND country = named.country AND network = named.network
      AND {periods} AND version_from <= %(version)s AND version_to IS NULL
    UNION ALL
    SELECT period, value, version_from, version_to
    FROM federation_publishedcell
    WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s
      AND country = named.country AND network = named.network
      AND {periods} AND version_from <= %(version)s AND version_to IS NOT NULL
) AS cell
