-- The first and the last public period of an indicator at a frequency. Periods that wait for agencies are not public.
-- Each is near the end of an index. A past view replaces `version_to IS NULL` by the condition of that view.
SELECT
    (
        SELECT min(period)
        FROM federation_publishedcoverage
        WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND version_to IS NULL AND status <> 'O'
    ),
    (
        SELECT max(period)
        FROM federation_publishedcoverage
        WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND version_to IS NULL AND status <> 'O'
    )
