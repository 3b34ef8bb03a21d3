-- The coverage of each period named that is public now, and where the indicator's public life began before it.
SELECT named.position::int - 1, coverage.id, coverage.agencies_expected, coverage.agencies_reporting,
       coverage.covered_seconds, coverage.owed_seconds, coverage.status, coverage.agencies, coverage.states
FROM unnest(%(indicators)s::smallint[], %(periods)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, period, position)
JOIN federation_publishedcoverage AS coverage
  ON coverage.indicator_id = named.indicator
 AND coverage.frequency = %(frequency)s
 AND coverage.period = named.period
 AND coverage.version_to IS NULL
