-- The figures named, as they are stored.
SELECT named.position::int - 1, figure.source, figure.covered_seconds, figure.reported_seconds, figure.final,
       figure.held, figure.countries, figure.networks, figure.values, figure.keys
FROM unnest(%(indicators)s::smallint[], %(agencies)s::smallint[], %(periods)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, agency, period, position)
JOIN federation_figure AS figure
  ON figure.indicator_id = named.indicator
 AND figure.frequency = %(frequency)s
 AND figure.agency_id = named.agency
 AND figure.period = named.period
