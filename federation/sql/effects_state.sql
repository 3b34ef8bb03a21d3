-- Each intervention, the seal of its registration, the version of its estimate, and whether it has started.
SELECT
    intervention.id,
    CASE WHEN seal.sealed <= moment.seen THEN seal.position END,
    estimate.version_from,
    intervention.start <= (moment.seen AT TIME ZONE 'UTC')::date
FROM (SELECT coalesce(%(as_of)s::timestamptz, clock_timestamp()) AS seen) AS moment
CROSS JOIN countries_intervention AS intervention
LEFT JOIN federation_registration AS registration ON registration.intervention_id = intervention.id
LEFT JOIN federation_auditseal AS seal ON seal.event = registration.event
LEFT JOIN federation_estimate AS estimate
    ON estimate.intervention_id = intervention.id AND estimate.version_from <= %(version)s
    AND (estimate.version_to IS NULL OR estimate.version_to > %(version)s)
ORDER BY intervention.id
