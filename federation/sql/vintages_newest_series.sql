-- The version that brought the newest series of an indicator and frequency, up to the one read; 0 if there is none.
SELECT coalesce(max(first_version), 0)
FROM federation_publishedseries
WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND first_version <= %(version)s
