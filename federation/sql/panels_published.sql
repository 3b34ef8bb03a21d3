-- The public periods of a span, without those that wait for agencies: the agencies expected, the time that each covers,
-- and the cells over all networks. One statement, hence one snapshot: the cells add up what these agencies counted.
WITH cells AS MATERIALIZED (
    SELECT period, array_agg(country) AS countries, array_agg(value) AS "values"
    FROM federation_publishedcell
    WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s
      AND country = ANY (%(countries)s::smallint[]) AND network = 0
      AND period BETWEEN %(first)s AND %(last)s AND version_to IS NULL
    GROUP BY period
)
SELECT
    coverage.period, coverage.agencies, coverage.covered,
    coalesce(cells.countries, '{}'), coalesce(cells."values", '{}')
FROM federation_publishedcoverage AS coverage
LEFT JOIN cells USING (period)
WHERE coverage.indicator_id = %(indicator)s AND coverage.frequency = %(frequency)s
  AND coverage.period BETWEEN %(first)s AND %(last)s AND coverage.version_to IS NULL
  AND coverage.status <> 'O'
