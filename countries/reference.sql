-- All that is public of the registry, read in one statement, so it is of one moment. Columns are named one by one:
-- other columns of these tables are not public.
SELECT json_build_object(
    'version', coalesce((SELECT number FROM countries_referenceversion), 0),
    'changed', coalesce((SELECT changed FROM countries_referenceversion), 'epoch'),
    'indicators', ARRAY(SELECT to_json(one) FROM (
        SELECT number, code, name, unit, description, notes, usual_rate, (
            SELECT coalesce(json_object_agg(language, to_json(words)), '{}') FROM (
                SELECT language, name, unit, description, notes
                FROM countries_indicatortranslation WHERE indicator_id = number
            ) AS words
        ) AS translations
        FROM countries_indicator ORDER BY number
    ) AS one),
    'networks', ARRAY(SELECT to_json(one) FROM (
        SELECT number, code, name FROM countries_network ORDER BY number
    ) AS one),
    'agencies', ARRAY(SELECT to_json(one) FROM (
        SELECT agency.id, agency.code, country.code AS country, agency.name, agency.active, agency.invented, agency.contact,
            (SELECT min(valid_from) FROM countries_schedule WHERE agency_id = agency.id) AS since,
            ARRAY(SELECT to_json(schedule) FROM (
                SELECT indicator_id AS indicator, frequency, valid_from, valid_to, deadline_minutes
                FROM countries_schedule WHERE agency_id = agency.id ORDER BY valid_from
            ) AS schedule) AS schedules,
            ARRAY(SELECT to_json(setup) FROM (
                SELECT valid_from, networks, counting, time_zone, local_days, location_source, location_date
                FROM countries_setup WHERE agency_id = agency.id ORDER BY valid_from
            ) AS setup) AS setups
        FROM countries_agency AS agency JOIN countries_country AS country ON country.number = agency.country_id
        ORDER BY agency.code
    ) AS one),
    -- In milliseconds since 1970, and 0 if a number is still in force.
    'population', ARRAY(
        SELECT json_build_array(country_id, year, inhabitants, floor(1000 * extract(epoch FROM known_from))::bigint, until)
        FROM (
            SELECT country_id, year, inhabitants, known_from, 0 AS until FROM countries_population
            UNION ALL
            SELECT country_id, year, inhabitants, known_from, floor(1000 * extract(epoch FROM known_until))::bigint
            FROM countries_pastpopulation
        ) AS everything
        ORDER BY year
    ),
    'details', ARRAY(
        SELECT json_build_array(indicator_id, country_id, extract(epoch FROM valid_from)::bigint, step, network_step)
        FROM countries_detail ORDER BY valid_from
    ),
    'annotations', ARRAY(SELECT to_json(one) FROM (
        SELECT kind, text, start, "end", agency.code AS agency, indicator.code AS indicator, is_break, intervention,
            countries, registered, annotation.id, changed
        FROM (
            SELECT NULL AS intervention, id, kind, text, start, "end", agency_id, indicator_id, is_break,
                ARRAY[]::varchar[] AS countries, NULL AS registered, changed
            FROM countries_annotation
            UNION ALL
            -- Registered interventions, from the start to the end of the weeks after it.
            SELECT id, id,
                CASE WHEN registered < start::timestamp AT TIME ZONE 'UTC' THEN '' ELSE 'late_' END || 'intervention',
                title || ' (' || array_to_string(countries, ', ') || ')',
                start::timestamp AT TIME ZONE 'UTC', (start + 7 * weeks_after)::timestamp AT TIME ZONE 'UTC', NULL,
                indicator_id, false, countries, date_trunc('milliseconds', registered), date_trunc('milliseconds', changed)
            FROM countries_intervention
        ) AS annotation
        LEFT JOIN countries_agency AS agency ON agency.id = annotation.agency_id
        LEFT JOIN countries_indicator AS indicator ON indicator.number = annotation.indicator_id
        ORDER BY start, intervention NULLS FIRST, annotation.id
    ) AS one),
    -- As many as a feed has entries, of annotations and of breaks.
    'withdrawn', ARRAY(SELECT to_json(one) FROM (
        SELECT annotation, is_break, withdrawn FROM (
            SELECT *, row_number() OVER (PARTITION BY is_break ORDER BY withdrawn DESC, annotation DESC) AS place
            FROM countries_withdrawnannotation
        ) AS listed
        WHERE place <= 50 ORDER BY withdrawn DESC, annotation DESC
    ) AS one),
    'interventions', ARRAY(SELECT to_json(one) FROM (
        SELECT id, title, intervention.description, registrant, countries, networks, indicator.code AS indicator, direction,
            start, weeks_before, weeks_after, comparison, draw_id AS draw,
            -- In milliseconds, because people send instants of answers as past views.
            date_trunc('milliseconds', registered) AS registered
        FROM countries_intervention AS intervention
        JOIN countries_indicator AS indicator ON indicator.number = intervention.indicator_id
        ORDER BY start DESC, id DESC
    ) AS one),
    'draws', ARRAY(SELECT to_json(one) FROM (
        SELECT id, title, countries, source, known_from, date_trunc('milliseconds', announced) AS announced, value,
            date_trunc('milliseconds', drawn) AS drawn
        FROM countries_draw ORDER BY announced DESC, id DESC
    ) AS one),
    'help_services', ARRAY(SELECT to_json(one) FROM (
        SELECT service.code, name, languages, country.code AS country, address, nullif(phone, '') AS phone, description,
            checked
        FROM countries_helpservice AS service LEFT JOIN countries_country AS country ON country.number = service.country_id
        WHERE shown ORDER BY country.code NULLS LAST, name, service.code
    ) AS one)
)
