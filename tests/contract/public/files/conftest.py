"""Files of all data that were written, and a reader who fetches them."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from api import caching
from countries.models import Population
from federation.files import manifest
from tests.contract.public.press import ALL_REPORTED, NOBODY, WAITING
from tests.contract.public.test_detail import detail_of
from tests.factories import CountryFactory

#: A view with a zero, a group, the total and two networks.
CELLS = {"NO": 1205, "NO/ARES": 1200, "SE": 15, "EUROPE": 1220, "EUROPE/ARES": 1215, "_T": 1235, "_T/ARES": 1225}
TOTALS = {name: value for name, value in CELLS.items() if "/" not in name}


@pytest.fixture
def folder(settings, tmp_path):
    """The folder of the files."""
    settings.STORAGES = settings.STORAGES | {
        "files": {"BACKEND": "federation.files.storage.Folder", "OPTIONS": {"location": str(tmp_path)}}
    }
    manifest.clear_cache()
    yield tmp_path
    manifest.clear_cache()


@pytest.fixture
def fetch(client, folder):
    """Fetches a file as a reader without an account does, through redirects: the answer, with its ``body``."""

    def ask(name, **headers):
        caching.response_cache.clear()
        manifest.clear_cache()
        answer = client.get(f"/files/{name}", follow=True, **headers)
        answer.body = b"".join(answer)
        return answer

    return ask


@pytest.fixture
def published(press):
    """Each frequency, with zeros, silence, waiting, a beginning, and days of Liechtenstein that are withheld."""
    Population.objects.create(country=CountryFactory.create(code="NO"), year=2025, inhabitants=5_594_340)
    detail_of("LI", "W", "M")
    detail_of("LI", "D", "D", date(2026, 11, 1))
    press.publish("D", {"2026-10-30": CELLS, "2026-10-31": {}})
    press.publish(
        "D", {"2026-11-01": CELLS | {"LI": 5}}, replace(ALL_REPORTED, reporting=1, covered=86_400, status="P")
    )
    press.publish("D", {"2026-11-02": {}}, NOBODY)
    press.publish("D", {"2026-11-03": {}}, WAITING)
    press.publish("D", {"2026-11-04": CELLS}, replace(ALL_REPORTED, counted_from=datetime(2026, 11, 4, 6, tzinfo=UTC)))
    press.publish("H", {"2025-12-31T23:00": TOTALS, "2026-01-01T00:00": {}, "2026-01-01T01:00": TOTALS})
    press.publish("W", {"2026-W43": CELLS, "2026-W44": {"NO": 5}})
    press.publish("M", {"2026-09": CELLS, "2026-10": {}})
    press.publish("A", {"2024": CELLS, "2025": {"SE": 20}})
    # A revision, which past views must still show without.
    press.publish("D", {"2026-10-30": CELLS | {"SE": 25}})
    return press
