-- How many reports for each key named have been public: those that were current at receipt, and those released.
-- `OFFSET 0` makes the planner look up each one named by index, also while it has no statistics.
SELECT named.position::int - 1, public.reports::int
FROM unnest(%(indicators)s::smallint[], %(frequencies)s::text[], %(periods)s::timestamptz[])
     WITH ORDINALITY AS named (indicator, frequency, period, position)
CROSS JOIN LATERAL (
    SELECT count(*) AS reports
    FROM federation_report AS report
    LEFT JOIN federation_hold AS hold ON hold.report_id = report.id
    WHERE report.agency_id = %(agency)s AND report.indicator_id = named.indicator
      AND report.frequency = named.frequency AND report.period = named.period
      AND (report.outcome IN ('current', 'withdrawn') OR hold.decision = 'released')
    OFFSET 0
) AS public
