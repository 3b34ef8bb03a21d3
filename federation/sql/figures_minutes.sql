-- For each hour named: its current minute reports, and the minutes whose reports are all held or rejected.
-- The reports stay; minute figures do not.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
WITH named AS MATERIALIZED (
    SELECT *
    FROM unnest(
        %(indicators)s::smallint[], %(agencies)s::smallint[], %(periods)s::timestamptz[], %(ends)s::timestamptz[]
    ) WITH ORDINALITY AS hour (indicator, agency, period, ends, position)
)
SELECT named.position::int - 1, report.period, report.status, report.withdrawn,
       root.countries, root.networks, root.values
FROM named
CROSS JOIN LATERAL (
    SELECT period, status, withdrawn, coalesce(equals_id, id) AS root
    FROM federation_report
    WHERE agency_id = named.agency AND indicator_id = named.indicator AND frequency = 'N'
      AND period >= named.period AND period < named.ends AND state = 'current'
    OFFSET 0
) AS report
CROSS JOIN LATERAL (
    SELECT countries, networks, values FROM federation_report WHERE id = report.root OFFSET 0
) AS root
UNION ALL
SELECT named.position::int - 1, unused.period, NULL, NULL, NULL, NULL, NULL
FROM named
CROSS JOIN LATERAL (
    SELECT DISTINCT period
    FROM federation_report AS unused
    WHERE agency_id = named.agency AND indicator_id = named.indicator AND frequency = 'N'
      AND period >= named.period AND period < named.ends AND state IN ('held', 'rejected')
      AND NOT EXISTS (
          SELECT FROM federation_report AS current
          WHERE current.agency_id = unused.agency_id AND current.indicator_id = unused.indicator_id
            AND current.frequency = 'N' AND current.period = unused.period AND current.state = 'current'
      )
    OFFSET 0
) AS unused
