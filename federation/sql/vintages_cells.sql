-- The cells of some series in all versions up to one, as parallel arrays in no order: those that are public still, read
-- from an index alone, and those that are not, except what had ended by another version. A series at a time, so that
-- each is one stretch of an index. If few periods are wanted, the condition that they lie between two is replaced by
-- one that names them.
WITH named AS (
    SELECT country, network, (position - 1)::smallint AS position
    FROM unnest(%(countries)s::smallint[], %(networks)s::smallint[]) WITH ORDINALITY AS named (country, network, position)
)
SELECT public.*, closed.*
FROM (
    SELECT
        coalesce(array_agg(named.position), '{}'),
        coalesce(array_agg(cell.period), '{}'),
        coalesce(array_agg(cell.value), '{}'),
        coalesce(array_agg(cell.version_from), '{}')
    FROM named
    CROSS JOIN LATERAL (
        SELECT period, value, version_from
        FROM federation_publishedcell
        WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s
          AND country = named.country AND network = named.network
          AND period BETWEEN %(start)s AND %(end)s AND version_from <= %(version)s AND version_to IS NULL
        OFFSET 0
    ) AS cell
) AS public
CROSS JOIN (
    SELECT
        coalesce(array_agg(named.position), '{}'),
        coalesce(array_agg(cell.period), '{}'),
        coalesce(array_agg(cell.value), '{}'),
        coalesce(array_agg(cell.version_from), '{}'),
        coalesce(array_agg(cell.version_to), '{}')
    FROM named
    CROSS JOIN LATERAL (
        SELECT period, value, version_from, version_to
        FROM federation_publishedcell
        WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s
          AND country = named.country AND network = named.network
          AND period BETWEEN %(start)s AND %(end)s AND version_from <= %(version)s AND version_to > %(after)s
        OFFSET 0
    ) AS cell
) AS closed
