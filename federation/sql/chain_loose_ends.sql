-- Events without a seal, and events that wait to be sealed. Times as in chain_seals.
SELECT coalesce(event.id, pending.event), pending.event IS NOT NULL, seal.event IS NOT NULL,
       event.id IS NOT NULL, event.digest,
       least(greatest(event.at, '0002-01-01'), '9998-12-31'),
       event.actor, event.action, event.subject, event.reason, event.details
FROM federation_auditevent AS event
FULL JOIN federation_auditpending AS pending ON pending.event = event.id
LEFT JOIN federation_auditseal AS seal ON seal.event = coalesce(event.id, pending.event)
WHERE seal.event IS NULL OR pending.event IS NOT NULL
ORDER BY 1
