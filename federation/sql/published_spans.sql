-- For indicators and frequencies, given as parallel arrays: the first and last public period, and when something was
-- published first and last. Each is the end of an index, so it costs the same after ten years.
SELECT
    wanted.indicator,
    wanted.frequency,
    (
        SELECT min(period)
        FROM federation_publishedcoverage
        WHERE indicator_id = wanted.indicator AND frequency = wanted.frequency AND version_to IS NULL
    ),
    (
        SELECT max(period)
        FROM federation_publishedcoverage
        WHERE indicator_id = wanted.indicator AND frequency = wanted.frequency AND version_to IS NULL
    ),
    (
        SELECT known_at
        FROM federation_version
        WHERE number = (
            SELECT min(version)
            FROM federation_periodversion
            WHERE indicator_id = wanted.indicator AND frequency = wanted.frequency
        )
    ),
    (
        SELECT known_at
        FROM federation_version
        WHERE number = (
            SELECT max(version)
            FROM federation_periodversion
            WHERE indicator_id = wanted.indicator AND frequency = wanted.frequency
        )
    )
FROM unnest(%(indicators)s::integer[], %(frequencies)s::text[]) AS wanted (indicator, frequency)
