-- Each signed submission: its evidence, and what the audit trail says about that. One of the two may be missing.
SELECT coalesce('submission ' || kept.submission_id, event.subject) AS subject,
       kept.submission_id IS NOT NULL AS there,
       coalesce(kept.base, ''), coalesce(kept.signature, ''), coalesce(kept.base_digest, ''),
       coalesce(key.keyid, ''), coalesce(key.public_key, ''),
       coalesce(key.agency_id = submission.agency_id, false),
       coalesce(submission.body_digest, ''),
       event.named
FROM federation_signature AS kept
JOIN countries_signingkey AS key ON key.id = kept.key_id
JOIN federation_submission AS submission ON submission.id = kept.submission_id
FULL JOIN (
    SELECT subject, details -> 'signature' AS named
    FROM federation_auditevent
    WHERE action = 'submission.accepted' AND details ? 'signature'
) AS event ON event.subject = 'submission ' || kept.submission_id
