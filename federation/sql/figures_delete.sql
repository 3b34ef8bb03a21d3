-- Makes room for figures that are replaced whole.
DELETE FROM federation_figure AS figure
USING unnest(%(indicators)s::smallint[], %(agencies)s::smallint[], %(periods)s::timestamptz[])
      AS named (indicator, agency, period)
WHERE figure.indicator_id = named.indicator
  AND figure.frequency = %(frequency)s
  AND figure.agency_id = named.agency
  AND figure.period = named.period
