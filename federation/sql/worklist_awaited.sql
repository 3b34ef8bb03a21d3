-- Which of the periods named have ended while figures in them are on the list: of the period itself or of a finer one. If
-- changes are not located in finer periods, only those that have no frozen sum yet.
-- An item is packed: its level, the minute in which its period starts, its indicator.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
SELECT named.position::int - 1
FROM unnest(%(indicators)s::smallint[], %(periods)s::timestamptz[], %(ends)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, period, ends, position)
CROSS JOIN LATERAL (
    SELECT (extract(epoch FROM period)::bigint / 60) << 26 AS first, (extract(epoch FROM ends)::bigint / 60) << 26 AS ends
) AS packed
WHERE named.ends <= %(now)s
  AND (%(located)s OR NOT EXISTS (
      SELECT FROM federation_frozensum
      WHERE indicator_id = named.indicator AND frequency = %(frequency)s AND period = named.period
      OFFSET 0
  ))
  AND EXISTS (
      SELECT FROM unnest(%(levels)s::bigint[]) AS level
      CROSS JOIN LATERAL (
          SELECT FROM federation_work
          WHERE item >= (level << 58) + packed.first AND item < (level << 58) + packed.ends
            AND (item >> 16) & 1023 = named.indicator
          ORDER BY item
          LIMIT 1
      ) AS waiting
  )
