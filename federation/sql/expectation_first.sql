-- The first instant of a longer period that each of these agencies ever reported, in a report of any state.
-- `OFFSET 0` makes the planner look up each agency and frequency by index, also while it has no statistics.
SELECT agency, min(earliest.period)
FROM unnest(%(agencies)s::smallint[]) AS named (agency)
CROSS JOIN unnest(%(frequencies)s::text[]) AS finer (frequency)
CROSS JOIN LATERAL (
    SELECT min(period) AS period
    FROM federation_report
    WHERE indicator_id = %(indicator)s AND agency_id = named.agency AND frequency = finer.frequency
      AND period >= %(start)s AND period < %(end)s
    OFFSET 0
) AS earliest
GROUP BY agency
HAVING min(earliest.period) IS NOT NULL
