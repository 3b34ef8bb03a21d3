-- The cells of each period named that are public now.
SELECT named.position::int - 1, cell.id, cell.country, cell.network, cell.value
FROM unnest(%(indicators)s::smallint[], %(periods)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, period, position)
JOIN federation_publishedcell AS cell
  ON cell.indicator_id = named.indicator
 AND cell.frequency = %(frequency)s
 AND cell.period = named.period
 AND cell.version_to IS NULL
