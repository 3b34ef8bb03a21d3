-- The series that had a cell in any version up to the one read, and the version that brought the first one: all of an
-- indicator and frequency, or those of some countries and networks.
SELECT country, network, first_version
FROM federation_publishedseries
WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND first_version <= %(version)s
  AND (%(countries)s::smallint[] IS NULL OR country = ANY (%(countries)s::smallint[]))
  AND (%(networks)s::smallint[] IS NULL OR network = ANY (%(networks)s::smallint[]))
