-- Which agencies are late in which periods of some stretches, by the coverage that is public now.
-- `OFFSET 0` makes the planner look up each stretch by index, also while it has no statistics.
SELECT standing.agency, coverage.period
FROM unnest(%(firsts)s::timestamptz[], %(lasts)s::timestamptz[]) AS named (first, last)
CROSS JOIN LATERAL (
    SELECT period, agencies, states
    FROM federation_publishedcoverage
    WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s
      AND period BETWEEN named.first AND named.last AND version_to IS NULL AND 'late' = ANY (states)
    OFFSET 0
) AS coverage
CROSS JOIN LATERAL unnest(coverage.agencies, coverage.states) AS standing (agency, state)
WHERE standing.state = 'late'
