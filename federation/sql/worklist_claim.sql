-- The next items of a level, each with whether its lock was free and is now held.
-- The locks are tried outside the subquery, so for no more than its rows.
SELECT item, pg_try_advisory_xact_lock(item)
FROM (
    SELECT DISTINCT work.item
    FROM federation_work AS work
    WHERE work.item > %(after)s
      AND work.item < (%(level)s::bigint + 1) << 58
      AND NOT EXISTS (
          SELECT FROM federation_failure AS failure
          WHERE failure.item = work.item AND failure.retry_at > %(now)s
      )
    ORDER BY work.item
    LIMIT %(limit)s
) AS waiting
ORDER BY item
