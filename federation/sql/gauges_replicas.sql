-- How far each replica is behind. The lag is for members of pg_monitor; others see that a replica is there, at 0.
SELECT application_name, max(coalesce(extract(epoch FROM replay_lag), 0))::float8
FROM pg_stat_replication
GROUP BY application_name
