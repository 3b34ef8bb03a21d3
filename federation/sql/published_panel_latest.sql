-- The highest version, up to a given one, that changed anything public of a panel: who it is made of, or its numbers.
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
)
