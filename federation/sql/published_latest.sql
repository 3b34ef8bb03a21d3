-- The highest version, up to a given one, that changed anything public of the periods asked for.
WITH latest AS MATERIALIZED (
    -- Nearly always something in the range changed lately; only a range long at rest is searched whole.
    SELECT coalesce(
        (
            SELECT max(version)
            FROM (
                SELECT period, version
                FROM federation_periodversion
                WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND version <= %(version)s
                ORDER BY version DESC
                LIMIT 200
            ) AS newest
            WHERE period BETWEEN %(start)s AND %(end)s
        ),
        (
            -- "+ 0" keeps the planner from walking back through all that is newer.
            SELECT max(version + 0)
            FROM federation_periodversion
            WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND version <= %(version)s
              AND period BETWEEN %(start)s AND %(end)s
        )
    ) AS version
)
