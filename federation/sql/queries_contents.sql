-- What submissions contain, by indicator and frequency. The cells of an unchanged report are those of the one it equals.
SELECT sent.submission_id, sent.indicator_id, sent.frequency, count(DISTINCT sent.id), min(sent.period),
       max(sent.period), coalesce(array_agg(DISTINCT country) FILTER (WHERE country IS NOT NULL), '{}')
FROM federation_report AS sent
LEFT JOIN federation_report AS root ON root.id = sent.equals_id
LEFT JOIN LATERAL unnest(coalesce(root.countries, sent.countries)) AS country ON true
WHERE sent.submission_id = ANY(%(submissions)s)
GROUP BY sent.submission_id, sent.indicator_id, sent.frequency
ORDER BY sent.submission_id, sent.indicator_id, min(sent.period), sent.frequency
