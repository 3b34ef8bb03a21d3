-- Notes which series have had a cell. A series that is noted already stays.
INSERT INTO federation_publishedseries (indicator_id, frequency, country, network, first_version)
SELECT indicator, %(frequency)s, country, network, %(version)s
FROM unnest(%(indicators)s::smallint[], %(countries)s::smallint[], %(networks)s::smallint[])
     AS added (indicator, country, network)
ON CONFLICT DO NOTHING
