-- The next events to seal, by number. An event that is missing, or that was sealed before, stays pending,
-- so that a check finds it.
SELECT pending.event, event.digest
FROM federation_auditpending AS pending
JOIN federation_auditevent AS event ON event.id = pending.event
WHERE NOT EXISTS (SELECT FROM federation_auditseal AS seal WHERE seal.event = pending.event)
ORDER BY pending.event
LIMIT %(limit)s
