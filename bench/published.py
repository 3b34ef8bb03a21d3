"""Years of published days, written with SQL as publication leaves them: a day after the other, each a version."""

import os
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import psycopg

from bench import past
from bench.results import say

if TYPE_CHECKING:
    from bench.inside import Inside

# A number that is 0 has no row.
_MAKE = """
SELECT setseed(0.5);
CREATE TEMPORARY TABLE series AS
SELECT * FROM unnest(%(countries)s::smallint[], %(networks)s::smallint[], %(means)s::float8[])
    AS series (country, network, mean);
INSERT INTO federation_version (number, known_at)
SELECT 1000000 + row_number() OVER (ORDER BY day), day + interval '1 day'
FROM generate_series(%(first)s::timestamptz, %(last)s::timestamptz, interval '1 day') AS day;
INSERT INTO federation_publishedcoverage (
    indicator_id, frequency, period, agencies_expected, agencies_reporting, share, status,
    agencies, states, covered, owed, is_break, agencies_awaited, awaited, version_from)
SELECT 1, 'D', known_at - interval '1 day', 14, 14 - late, 10000 - 714 * late, CASE late WHEN 0 THEN 'A' ELSE 'P' END,
       '{}', '{}', '{}', '{}', false, 0, '{}', number
FROM (SELECT *, (random() < %(late)s)::integer AS late FROM federation_version) AS version WHERE number > 1000000;
INSERT INTO federation_periodversion (indicator_id, frequency, period, version)
SELECT 1, 'D', known_at - interval '1 day', number FROM federation_version WHERE number > 1000000;
INSERT INTO federation_publishedseries (indicator_id, frequency, country, network, first_version)
SELECT 1, 'D', country, network, 1000001 FROM series;
INSERT INTO federation_publishedcell (indicator_id, frequency, period, country, network, value, version_from)
SELECT 1, 'D', known_at - interval '1 day', country, network, value, number
FROM (
    -- Here, and not beside the joins, so that each number is drawn on its own.
    SELECT number, known_at, country, network, 5 * floor(mean * (0.5 + random()) / 5 + random())::bigint AS value
    FROM federation_version
    CROSS JOIN series
    WHERE number > 1000000
) AS rounded
WHERE value > 0
ORDER BY number;
"""


class MeanOfSeries(NamedTuple):
    """A country and network, by number, and the mean of its days."""

    country: int
    network: int
    mean: float


def make_days(inside: "Inside", series: Sequence[MeanOfSeries], *, years: int, late: float) -> int:
    """Fill the tables up to yesterday, and return how many days there are. A share of them lacks an agency."""
    last = inside.now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    first = past.begin(years, last)
    countries, networks, means = map(list, zip(*series, strict=True))
    say(f"making {years} years of {len(series)} series")
    # So many rows at once take longer than the connections of the application wait.
    with psycopg.connect(
        os.environ["DATABASE_URL"], options="-c statement_timeout=0", cursor_factory=psycopg.ClientCursor
    ) as connection:
        connection.execute(
            _MAKE,
            {
                "countries": countries,
                "networks": networks,
                "means": means,
                "first": first,
                "last": last,
                "late": late,
            },
        )
    inside.run("VACUUM ANALYZE")
    inside.settle()
    return (last - first).days + 1
