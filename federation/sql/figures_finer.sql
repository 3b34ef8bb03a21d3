-- For each figure named: the agency's figures one level finer.
SELECT named.position::int - 1, finer.source, finer.covered_seconds, finer.reported_seconds, finer.final,
       finer.countries, finer.networks, finer.values, finer.keys
FROM unnest(%(indicators)s::smallint[], %(agencies)s::smallint[], %(periods)s::timestamptz[], %(ends)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, agency, period, ends, position)
JOIN federation_figure AS finer
  ON finer.indicator_id = named.indicator
 AND finer.frequency = %(finer)s
 AND finer.agency_id = named.agency
 AND finer.period >= named.period
 AND finer.period < named.ends
