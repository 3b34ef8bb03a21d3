-- Each intervention with the seal of its registration and its estimate at a version. One statement reads one snapshot.
SELECT
    intervention.id, seal.position, date_trunc('milliseconds', seal.sealed),
    estimate.word, estimate.reason, estimate.result::text, estimate.version_from, version.known_at
FROM countries_intervention AS intervention
LEFT JOIN federation_registration AS registration ON registration.intervention_id = intervention.id
LEFT JOIN federation_auditseal AS seal ON seal.event = registration.event
LEFT JOIN federation_estimate AS estimate
    ON estimate.intervention_id = intervention.id AND estimate.version_from <= %(version)s
    AND (estimate.version_to IS NULL OR estimate.version_to > %(version)s)
LEFT JOIN federation_version AS version ON version.number = estimate.version_from
