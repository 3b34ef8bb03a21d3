-- The next things of a level, each with whether its lock was free and is now held.
-- The locks are tried outside the subquery, so for no more than its rows.
SELECT thing, pg_try_advisory_xact_lock(thing)
FROM (
    SELECT DISTINCT work.thing
    FROM federation_work AS work
    WHERE work.thing > %(after)s
      AND work.thing < (%(level)s::bigint + 1) << 58
      AND NOT EXISTS (
          SELECT FROM federation_failure AS failure
          WHERE failure.thing = work.thing AND failure.retry_at > %(now)s
      )
    ORDER BY work.thing
    LIMIT %(limit)s
) AS waiting
ORDER BY thing
