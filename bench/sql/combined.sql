-- The cells that are published of the hours reported, exact and in one statement: at every frequency, of periods that
-- have ended, with groups and totals, networks as they are published. Summed over the agencies first, as one who knows
-- what this costs would write it.
INSERT INTO {table} (indicator_id, frequency, period, country, network, value, version_from)
WITH hourly AS MATERIALIZED (
    SELECT report.indicator_id, report.period, cell.country, cell.network, sum(cell.value) AS value
    FROM federation_report AS report
    CROSS JOIN LATERAL unnest(report.countries, report.networks, report.values) AS cell (country, network, value)
    WHERE report.frequency = 'H' AND report.state = 'current'
    GROUP BY report.indicator_id, report.period, cell.country, cell.network
),
daily AS MATERIALIZED (
    SELECT indicator_id, date_trunc('day', period, 'UTC') AS period, country, network, sum(value) AS value
    FROM hourly
    GROUP BY 1, 2, 3, 4
),
every AS (
    SELECT indicator_id, 'H' AS frequency, period, country, 0 AS network, value FROM hourly
    UNION ALL
    SELECT indicator_id, unit.frequency, date_trunc(unit.name, period, 'UTC'), country, networks.network, value
    FROM daily
    CROSS JOIN (VALUES ('D', 'day'), ('W', 'week'), ('M', 'month'), ('A', 'year')) AS unit (frequency, name)
    CROSS JOIN LATERAL (VALUES (daily.network), (0)) AS networks (network)
    WHERE date_trunc(unit.name, period, 'UTC') + ('1 ' || unit.name)::interval <= now()
)
SELECT indicator_id, frequency, period, belongs.place, network, sum(value), 1
FROM every
JOIN {membership} AS belongs ON belongs.country = every.country
GROUP BY indicator_id, frequency, period, belongs.place, network
