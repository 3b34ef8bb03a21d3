-- Which of the countries asked for have a cell in any period of a panel.
-- A past view replaces `version_to IS NULL` by the condition of that view.
SELECT DISTINCT cell.country, 0::smallint
FROM federation_publishedpanelperiod
CROSS JOIN unnest(countries) AS cell (country)
WHERE indicator_id = %(indicator)s AND months = %(panel)s AND frequency = %(frequency)s
  AND cell.country = ANY (%(countries)s::smallint[]) AND version_to IS NULL
