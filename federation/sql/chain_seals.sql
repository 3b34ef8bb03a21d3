-- Every seal by position, each with its event. A time that no program can read is moved to one
-- that it can read. Nothing is sealed at such a time, so it is found to be changed.
SELECT seal.position, seal.event, seal.digest,
       least(greatest(seal.sealed, '0002-01-01'), '9998-12-31'),
       event.id IS NOT NULL, event.digest,
       least(greatest(event.at, '0002-01-01'), '9998-12-31'),
       event.actor, event.action, event.subject, event.reason, event.details
FROM federation_auditseal AS seal
LEFT JOIN federation_auditevent AS event ON event.id = seal.event
ORDER BY seal.position
