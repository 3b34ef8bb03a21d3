-- A sliding window whole: one row, so its cells and coverage agree.
SELECT
    win.start, win."end", win.version, version.known_at, (SELECT base FROM federation_roundingseal),
    win.agencies_expected, win.agencies_reporting, win.covered_seconds, win.owed_seconds, win.status,
    win.countries, win."values"
FROM federation_publishedwindow AS win
LEFT JOIN federation_version AS version ON version.number = win.version
WHERE win.indicator_id = %(indicator)s AND win."window" = %(window)s
