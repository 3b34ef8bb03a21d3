-- Each series that had a cell in any version up to the one read, and the version that brought the first.
SELECT country, network, first_version
FROM federation_publishedseries
WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND first_version <= %(version)s
