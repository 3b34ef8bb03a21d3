-- Which of the periods named have ended and have no frozen sum yet, while figures are on the list that would be part of
-- it: of the period itself or of a finer one in it. A thing is packed: its level, the minute in which its period starts,
-- its indicator.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
SELECT named.position::int - 1
FROM unnest(%(indicators)s::smallint[], %(periods)s::timestamptz[], %(ends)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, period, ends, position)
CROSS JOIN LATERAL (
    SELECT (extract(epoch FROM period)::bigint / 60) << 26 AS first, (extract(epoch FROM ends)::bigint / 60) << 26 AS ends
) AS packed
WHERE named.ends <= %(now)s
  AND NOT EXISTS (
      SELECT FROM federation_frozensum
      WHERE indicator_id = named.indicator AND frequency = %(frequency)s AND period = named.period
      OFFSET 0
  )
  AND EXISTS (
      SELECT FROM unnest(%(levels)s::bigint[]) AS level
      CROSS JOIN LATERAL (
          SELECT FROM federation_work
          WHERE thing >= (level << 58) + packed.first AND thing < (level << 58) + packed.ends
            AND (thing >> 16) & 1023 = named.indicator
          ORDER BY thing
          LIMIT 1
      ) AS waiting
  )
