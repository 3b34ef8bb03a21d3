-- The first of the periods asked for, with their coverage, the cells of some series and, if wanted, where each expected
-- agency stood, as parallel arrays; and the highest version, up to a given one, that changed anything of the range.
-- One statement reads one snapshot: version, coverage and cells agree while publications commit. No period is read for
-- who asks for none: that is how a version is looked up.
-- Coverage is not read if the reader has it from that version on (`cached`), up to the period `last`.
-- A past view replaces `version_to IS NULL` by the condition of that view, and the cells by two parts of them.
WITH latest AS MATERIALIZED (
    -- Nearly always something in the range changed lately; only a range long at rest is searched whole.
    SELECT coalesce(
        (
            SELECT max(version)
            FROM (
                SELECT period, version
                FROM federation_periodversion
                WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND version <= %(version)s
                ORDER BY version DESC
                LIMIT 200
            ) AS newest
            WHERE period BETWEEN %(start)s AND %(end)s
        ),
        (
            -- "+ 0" keeps the planner from walking back through all that is newer.
            SELECT max(version + 0)
            FROM federation_periodversion
            WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND version <= %(version)s
              AND period BETWEEN %(start)s AND %(end)s
        )
    ) AS version
)
SELECT
    latest.version, version.known_at, (SELECT base FROM federation_roundingseal) AS rounding_base,
    (
        SELECT min(period)
        FROM federation_publishedcoverage
        WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s
          AND period > coverage.last AND period <= %(end)s AND version_to IS NULL
    ) AS following,
    coverage.*, waits.*, cells.*, states.*
FROM latest
CROSS JOIN LATERAL (
    SELECT
        CASE WHEN latest.version = %(cached)s THEN %(last)s::timestamptz ELSE max(period) END AS last,
        coalesce(array_agg(period), '{}') AS periods,
        coalesce(array_agg(agencies_expected::smallint), '{}') AS agencies_expected,
        coalesce(array_agg(agencies_reporting::smallint), '{}') AS agencies_reporting,
        coalesce(array_agg(share), '{}') AS share,
        coalesce(string_agg(status, ''), '') AS status,
        coalesce(array_agg(counted_from) FILTER (WHERE counted_from IS NOT NULL), '{}') AS begun
    FROM (
        SELECT period, agencies_expected, agencies_reporting, share, status, counted_from
        FROM federation_publishedcoverage
        WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s
          AND period BETWEEN %(first)s AND %(end)s AND version_to IS NULL
          AND latest.version IS DISTINCT FROM %(cached)s
        ORDER BY period
        LIMIT %(periods)s
    ) AS page
) AS coverage
CROSS JOIN LATERAL (
    -- Few periods wait for agencies, and an index has only these.
    SELECT
        coalesce(array_agg(period), '{}') AS waiting,
        coalesce(array_agg(agencies_awaited), '{}') AS agencies_awaited,
        coalesce(array_agg(awaited_until), '{}') AS awaited_until
    FROM federation_publishedcoverage
    WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s AND status = 'O'
      AND period BETWEEN %(first)s AND %(end)s AND period <= coverage.last AND version_to IS NULL
) AS waits
CROSS JOIN LATERAL (
    -- Which series they are of is told if there are several.
    SELECT
        coalesce(array_agg(country) FILTER (WHERE %(several)s), '{}') AS countries,
        coalesce(array_agg(network) FILTER (WHERE %(several)s), '{}') AS networks,
        coalesce(array_agg(period), '{}') AS cells,
        coalesce(array_agg(value), '{}') AS values
    FROM federation_publishedcell
    WHERE indicator_id = %(indicator)s AND frequency = %(frequency)s
      AND country = ANY (%(countries)s::smallint[]) AND network = ANY (%(networks)s::smallint[])
      AND period BETWEEN %(first)s AND %(end)s AND period <= coverage.last AND version_to IS NULL
) AS cells
CROSS JOIN LATERAL (
    SELECT
        coalesce(array_agg(period), '{}') AS standings,
        coalesce(array_agg(agency), '{}') AS agencies,
        coalesce(array_agg(state::text), '{}') AS states,
        coalesce(array_agg(coalesce(standing.awaited, false)), '{}') AS awaited
    FROM federation_publishedcoverage
    CROSS JOIN unnest(agencies, states, awaited) AS standing (agency, state, awaited)
    WHERE %(states)s AND indicator_id = %(indicator)s AND frequency = %(frequency)s
      AND period BETWEEN %(first)s AND %(end)s AND period <= coverage.last AND version_to IS NULL
) AS states
LEFT JOIN federation_version AS version ON version.number = latest.version
