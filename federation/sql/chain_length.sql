-- How many events are sealed, how many wait, and since when the oldest of these.
SELECT
    (SELECT count(*) FROM federation_auditseal),
    (SELECT count(*) FROM federation_auditpending),
    (
        SELECT min(event.at)
        FROM federation_auditpending AS pending
        JOIN federation_auditevent AS event ON event.id = pending.event
    )
