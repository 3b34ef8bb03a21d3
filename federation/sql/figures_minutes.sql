-- For each hour named: its current minute reports. The reports stay; minute figures do not.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
SELECT named.position::int - 1, report.period, report.status, report.withdrawn,
       root.countries, root.networks, root.values
FROM unnest(%(indicators)s::smallint[], %(agencies)s::smallint[], %(periods)s::timestamptz[], %(ends)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, agency, period, ends, position)
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
