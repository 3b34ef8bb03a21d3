-- Each intervention, the seal of its registration, the version of its estimate, and whether it has started.
SELECT
    intervention.id,
    CASE WHEN date_trunc('milliseconds', seal.sealed) <= %(seen)s THEN seal.position END,
    estimate.version_from,
    intervention.start <= (%(seen)s::timestamptz AT TIME ZONE 'UTC')::date
FROM countries_intervention AS intervention
LEFT JOIN federation_registration AS registration ON registration.intervention_id = intervention.id
LEFT JOIN federation_auditseal AS seal ON seal.event = registration.event
LEFT JOIN federation_estimate AS estimate
    ON estimate.intervention_id = intervention.id AND estimate.version_from <= %(version)s
    AND (estimate.version_to IS NULL OR estimate.version_to > %(version)s)
ORDER BY intervention.id
