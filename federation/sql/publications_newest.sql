-- For indicators and frequencies, given as parallel arrays: the newest periods that ever had public numbers, when these
-- first became public, and when they were last corrected. Periods that wait for agencies are not public. Each lookup is
-- near the end of an index, so it costs the same after ten years.
SELECT wanted.indicator, wanted.frequency, page.period, version.known_at, (
    SELECT max(known_at)
    FROM federation_periodversion AS log JOIN federation_version ON number = log.version
    WHERE log.indicator_id = wanted.indicator AND log.frequency = wanted.frequency AND log.period = page.period
      AND is_correction
)
FROM unnest(%(indicators)s::integer[], %(frequencies)s::text[]) AS wanted (indicator, frequency)
CROSS JOIN LATERAL (
    SELECT coverage.period, vintage.version
    FROM federation_publishedcoverage AS coverage
    CROSS JOIN LATERAL (
        SELECT min(earlier.version_from) AS version
        FROM federation_publishedcoverage AS earlier
        WHERE earlier.indicator_id = wanted.indicator AND earlier.frequency = wanted.frequency
          AND earlier.period = coverage.period AND earlier.status <> 'O' AND earlier.agencies_reporting > 0
    ) AS vintage
    WHERE coverage.indicator_id = wanted.indicator AND coverage.frequency = wanted.frequency
      AND coverage.version_to IS NULL AND vintage.version IS NOT NULL
    ORDER BY coverage.period DESC
    LIMIT %(most)s
) AS page
JOIN federation_version AS version ON version.number = page.version
ORDER BY version.known_at DESC, page.period DESC, wanted.frequency, wanted.indicator
LIMIT %(most)s
