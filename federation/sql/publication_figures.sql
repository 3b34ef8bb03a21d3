-- All agencies' figures of each period named.
SELECT named.position::int - 1, figure.agency_id, figure.source, figure.covered_seconds, figure.reported_seconds,
       figure.final, figure.held, figure.countries, figure.networks, figure.values, figure.keys
FROM unnest(%(indicators)s::smallint[], %(periods)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, period, position)
JOIN federation_figure AS figure
  ON figure.indicator_id = named.indicator
 AND figure.frequency = %(frequency)s
 AND figure.period = named.period
