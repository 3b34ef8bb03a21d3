-- How many of the periods from one to another are public.
-- A past view replaces `version_to IS NULL` by the condition of that view.
SELECT count(*)
FROM federation_publishedcoverage
WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND period BETWEEN %(start)s AND %(end)s
  AND version_to IS NULL
