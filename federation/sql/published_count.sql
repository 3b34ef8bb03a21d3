-- How many of the periods asked for have been published; {public} holds for the rows that are public, or were at a
-- version.
SELECT count(*)
FROM federation_publishedcoverage
WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND period BETWEEN %(start)s AND %(end)s AND {public}
