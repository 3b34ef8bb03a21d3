-- Which of the countries and networks asked for had a cell in any version up to the one read.
SELECT country, network
FROM federation_publishedseries
WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND first_version <= %(version)s
  AND country = ANY (%(countries)s::smallint[]) AND network = ANY (%(networks)s::smallint[])
