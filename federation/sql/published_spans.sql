-- For indicators and frequencies, given as parallel arrays: the first and last public period, when something was
-- published first, and when anything changed last. Periods that wait for agencies are not public. Each is near the end of
-- an index, so it costs the same after ten years.
SELECT
    wanted.indicator,
    wanted.frequency,
    (
        SELECT min(period)
        FROM federation_publishedcoverage
        WHERE indicator_id = wanted.indicator AND frequency = wanted.frequency AND version_to IS NULL AND status <> 'O'
    ),
    (
        SELECT max(period)
        FROM federation_publishedcoverage
        WHERE indicator_id = wanted.indicator AND frequency = wanted.frequency AND version_to IS NULL AND status <> 'O'
    ),
    (
        SELECT known_at
        FROM federation_version
        WHERE number = (
            SELECT version
            FROM federation_periodversion AS log
            WHERE indicator_id = wanted.indicator AND frequency = wanted.frequency AND EXISTS (
                SELECT FROM federation_publishedcoverage
                WHERE indicator_id = log.indicator_id AND frequency = log.frequency AND period = log.period
                  AND version_from = log.version AND status <> 'O'
            )
            ORDER BY version
            LIMIT 1
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
