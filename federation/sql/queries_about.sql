-- An agency's newest submissions with a report about one of these spans of periods. If an outcome is given, the same
-- report had it at receipt. If a submission is given, they are older than it. `OFFSET 0` and MATERIALIZED make the
-- planner begin with the reports: there may be many newer submissions.
WITH about AS MATERIALIZED (
    SELECT DISTINCT report.received, report.submission_id
    FROM unnest(%(frequencies)s::text[], %(firsts)s::timestamptz[], %(ends)s::timestamptz[])
         AS span (frequency, first, "end")
    CROSS JOIN LATERAL (
        SELECT received, submission_id FROM federation_report
        WHERE indicator_id = ANY(%(indicators)s::smallint[]) AND agency_id = %(agency)s
          AND frequency = span.frequency AND period >= span.first AND period < span."end"
          AND (%(outcome)s::text = '' OR outcome = %(outcome)s::text)
        OFFSET 0
    ) AS report
)
SELECT about.submission_id
FROM about
WHERE (%(after)s::uuid IS NULL OR (about.received, about.submission_id) < (
        SELECT received, id FROM federation_submission WHERE id = %(after)s::uuid AND agency_id = %(agency)s))
  AND (NOT %(from_pages)s::boolean OR (SELECT from_pages FROM federation_submission WHERE id = about.submission_id))
ORDER BY about.received DESC, about.submission_id DESC
LIMIT %(limit)s
