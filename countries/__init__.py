"""Who takes part, and reference data: countries, agencies, schedules, credentials, population, help services."""
