-- A sliding window whole: one row, so its cells and coverage agree.
SELECT
    win.start, win."end", win.version, version.known_at, (SELECT base FROM federation_roundingseal),
    ARRAY[win.start],
    ARRAY[win.agencies_expected::smallint],
    ARRAY[win.agencies_reporting::smallint],
    ARRAY[CASE WHEN win.owed_seconds > 0 THEN win.covered_seconds * 10000 / win.owed_seconds ELSE -1 END],
    win.status,
    win.countries, win."values"
FROM federation_publishedwindow AS win
LEFT JOIN federation_version AS version ON version.number = win.version
WHERE win.indicator_id = %(indicator)s AND win."window" = %(window)s
