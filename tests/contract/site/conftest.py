"""A press that has published some days, and a visitor of the pages."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.public.press import Covered, Press
from tests.factories import AgencyFactory, CountryFactory, HelpServiceFactory, IndicatorFactory

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def day(ago):
    """Return the name of a day some days ago."""
    return (TODAY - timedelta(days=ago)).date().isoformat()


def begin_press() -> Press:
    IndicatorFactory.create(name="Downloads of police files", notes=["A download is not a person and not an offence."])
    return Press()


def add_two_agencies() -> list[int]:
    return [AgencyFactory.create(code=code, name=name).pk for code, name in (("NO-A", "Kripos"), ("SE-B", "Ruritania"))]


@pytest.fixture
def press(db) -> Press:
    return begin_press()


@pytest.fixture
def two_agencies(db) -> list[int]:
    return add_two_agencies()


@pytest.fixture
def published(press: Press, two_agencies: list[int]) -> Press:
    """Ten days, of which one agency is silent on the last three."""
    first, second = two_agencies
    all_there = Covered(states={first: "reported", second: "reported"})
    silent = Covered(reporting=1, covered=86_400, status="P", states={first: "reported", second: "late"})
    days = {day(ago): {"NO": 1230, "NO/BITTORRENT": 1230, "EUROPE": 1230} for ago in range(10, 3, -1)}
    # The last seven days have other numbers together than ten of one.
    days[day(7)] = {"NO": 4965, "NO/BITTORRENT": 4965, "SE": 20, "EUROPE": 4985}
    press.publish("D", days, all_there)
    press.publish("D", dict.fromkeys([day(3), day(2), day(1)], days[day(10)]), silent)
    return press


@pytest.fixture
def services(db) -> None:
    for language, country in (("nb", "NO"), ("de", "DE"), ("en", "GB")):
        HelpServiceFactory.create(
            name=f"Help in {language}", languages=[language], country=CountryFactory.create(code=country)
        )


@pytest.fixture
def visit(client):
    """Opens a page as a browser does and returns the answer."""

    def open_page(address="/", **headers):
        return client.get(address, headers={"accept": "text/html,*/*;q=0.8"} | headers)

    return open_page


@pytest.fixture
def text(visit):
    """Opens a page and returns its words, without markup, each space single."""

    def read(address="/", **headers):
        answer = visit(address, **headers)
        assert answer.status_code == 200, address
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())

    return read
