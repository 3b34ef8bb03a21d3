-- Of indicators and frequencies, as parallel arrays: the first and the last public period, and when something of them
-- became public first and last. Each is the end of an index, so it costs the same after ten years.
SELECT
    asked.indicator,
    asked.frequency,
    (
        SELECT min(period)
        FROM federation_publishedcoverage
        WHERE indicator_id = asked.indicator AND frequency = asked.frequency AND version_to IS NULL
    ),
    (
        SELECT max(period)
        FROM federation_publishedcoverage
        WHERE indicator_id = asked.indicator AND frequency = asked.frequency AND version_to IS NULL
    ),
    (
        SELECT known_at
        FROM federation_version
        WHERE number = (
            SELECT min(version)
            FROM federation_periodversion
            WHERE indicator_id = asked.indicator AND frequency = asked.frequency
        )
    ),
    (
        SELECT known_at
        FROM federation_version
        WHERE number = (
            SELECT max(version)
            FROM federation_periodversion
            WHERE indicator_id = asked.indicator AND frequency = asked.frequency
        )
    )
FROM unnest(%(indicators)s::integer[], %(frequencies)s::text[]) AS asked (indicator, frequency)
