-- The next events to seal, by number. One that is gone, or that was sealed before, stays pending
-- for a check to find.
SELECT pending.event, event.digest
FROM federation_auditpending AS pending
JOIN federation_auditevent AS event ON event.id = pending.event
WHERE NOT EXISTS (SELECT FROM federation_auditseal AS seal WHERE seal.event = pending.event)
ORDER BY pending.event
LIMIT %(limit)s
