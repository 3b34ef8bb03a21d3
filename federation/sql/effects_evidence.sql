-- The numbers behind the estimate of an intervention that a version made public.
SELECT evidence::text FROM federation_estimate WHERE intervention_id = %(intervention)s AND version_from = %(version)s
