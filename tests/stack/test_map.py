"""The map in a real browser before the real stack: live, by keyboard, on a slow line, and without the API."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import count, pairwise
from time import monotonic, sleep
from urllib.parse import parse_qs, urlsplit

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.verify, pytest.mark.xdist_group("stack")]
#: Which shade it is depends on what other tests report of other countries.
SHADED = "a.map-country[data-code=NO][data-shade]:not([data-shade=none], [data-shade='0'])"
LIVE = re.compile(r"/aggregates/live/")
API = "**/api/v1/**"
#: Far apart, because the minutes between two reports are published as empty, and stay so.
_minutes = count(2, 5)
#: The page notes what it asks for and when, by a clock that a test can move.
_NOTE = """window.asked = [];
    const ask = window.fetch;
    window.fetch = (address, ...how) => {
        window.asked.push([String(address), Date.now()]);
        return ask(address, ...how);
    };"""
#: When requests began whose address has a word in it, by the page's own clock.
_CALLS = """word => performance.getEntriesByType("resource").filter(({ name }) => name.includes(word))
    .map(({ startTime }) => startTime).sort((a, b) => a - b)"""
#: What shows, beside each other, that a country has just been reported.
_LIGHT = """it => [
    [...document.querySelectorAll("a.map-lit")].map(({ dataset }) => dataset.code),
    getComputedStyle(it.querySelector(".map-shape")).animationName,
    document.querySelector("tr.just-now").dataset.country,
    document.querySelector(".live-latest").textContent,
]"""
_STILL_LIGHT = """() => [
    document.getAnimations().length,
    getComputedStyle(document.querySelector("tr.just-now > th")).backgroundImage,
    document.querySelector(".live-latest .live-dot").checkVisibility(),
]"""
#: A browser without a screen shows every page, so the page is told that it is not.
_LOOK = """hidden => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def wait_until(holds: Callable[[], bool], *, seconds: float = 60) -> None:
    """Wait for what the page's policy keeps Playwright from waiting for, which evaluates text in the page."""
    deadline = monotonic() + seconds
    while not holds():
        assert monotonic() < deadline
        sleep(0.05)


def drawn(page):
    """Wait for the map with its colours."""
    page.wait_for_selector(SHADED, state="attached")
    return page


def listening(page):
    """Wait until the page knows the minutes there are, so that it can tell what comes."""
    wait_until(lambda: bool(page.evaluate(_CALLS, "live")))
    return drawn(page)


def report(federation, country):
    """Report 25 downloads of a minute that nobody has reported yet."""
    minute = datetime.now(UTC) - timedelta(minutes=next(_minutes))
    federation.agencies["NO-KRIPOS"].send(country, {f"{minute:%Y-%m-%dT%H:%M}": 25}, frequency="N")


def asked(address):
    """Return the path and the parameters of an address, without their order."""
    parts = urlsplit(address)
    return parts.path, parse_qs(parts.query)


def legend(page):
    return page.locator(".map-legend-title")


def focused(page):
    return page.evaluate("document.activeElement.dataset.code")


def slow(page, finished):
    """A slow telephone line, and word of what has come over it."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", finished)
    line = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 90_000}
    session.send("Network.emulateNetworkConditions", line)


# --- live -------------------------------------------------------------------------------------------------------------


def test_report_lights_up_its_country(reader, federation):
    page = listening(reader("/"))
    report(federation, "DE")
    # Looked at in one go, because the light lasts for a second and a half.
    lit = page.wait_for_selector("a.map-lit[data-code=DE]", state="attached")
    assert lit.evaluate(_LIGHT) == [["DE"], "map-light", "DE", "Just now: Germany"]
    page.wait_for_selector("a.map-country[data-code=DE]:not(.map-lit)", state="attached")
    page.wait_for_selector("tr[data-country=DE]:not(.just-now)")

    # With less motion nothing moves, and a dot shows instead.
    page.emulate_media(reduced_motion="reduce")
    report(federation, "FR")
    lit = page.wait_for_selector("a.map-lit[data-code=FR]", state="attached")
    moving, name, has_dot = lit.evaluate(_STILL_LIGHT)
    assert (moving, name.partition("(")[0], has_dot) == (0, "radial-gradient", True)


def test_asks_little_and_not_while_nobody_looks(reader):
    live = []

    def before(page):
        page.on("response", lambda response: LIVE.search(response.url) and live.append(response))
        page.clock.install()
        page.add_init_script(_NOTE)

    def asked():
        return [at for address, at in page.evaluate("window.asked") if "/aggregates/" in address]

    page = reader("/", before=before)
    wait_until(lambda: page.clock.run_for(500) or len(live) >= 4)
    assert all("if-none-match" in response.request.all_headers() for response in live[1:])
    assert all(int(response.all_headers().get("content-length", 0)) < 4000 for response in live)
    # The first answers come with the page; from then on it is one of any kind each two seconds.
    gaps = [later - earlier for earlier, later in pairwise(asked()[3:])]
    assert gaps
    assert min(gaps) > 1_900

    page.evaluate(_LOOK, True)
    page.evaluate("dispatchEvent(new Event('online'))")
    many = len(asked())
    page.clock.run_for(60_000)
    assert len(asked()) == many
    page.evaluate(_LOOK, False)
    wait_until(lambda: page.clock.run_for(500) or len(asked()) > many)


# --- choosing ---------------------------------------------------------------------------------------------------------


def test_sorting_keeps_the_page_and_is_in_the_address(reader, federation):
    page = drawn(reader("/?window=P30D"))
    page.evaluate("document.body.dataset.same = 'yes'")
    for heading, sort, first in (
        ("Per 100,000 inhabitants", "rate", "NO"),
        ("Count", "value", "NO"),
        ("Country", "country", "AX"),
    ):
        page.locator("thead").get_by_role("link", name=heading, exact=True).click()
        page.wait_for_selector(f"th[aria-sort] a[href*='sort={sort}']")
        assert page.url == f"{federation.url}/?window=P30D&sort={sort}"
        assert page.locator("tr[data-country]").first.get_attribute("data-country") == first
        assert focused(page) is None
        assert heading in page.evaluate("document.activeElement.textContent")
    assert page.locator("body").get_attribute("data-same") == "yes"


def test_choices_are_in_the_address_and_show_the_same_to_somebody_else(reader, federation):
    page = drawn(reader("/"))
    page.evaluate("document.body.dataset.same = 'yes'")
    page.get_by_label("the count").check()
    assert legend(page).text_content() == "Downloads of police files in the last 7 days"
    page.get_by_role("link", name="Last 30 days").click()
    page.get_by_text("Downloads of police files in the last 30 days").wait_for()
    page.wait_for_selector(".choice [aria-current][href*=P30D]")
    assert asked(page.url) == ("/", {"window": ["P30D"], "per": ["count"]})
    # The same view in another language is a link too.
    link = page.locator(".languages a[lang=de]").get_attribute("href")
    assert asked(link) == ("/de/", {"window": ["P30D"], "per": ["count"]})

    day = f"{datetime.now(UTC) - timedelta(days=2):%Y-%m-%d}"
    page.get_by_label("or one day").fill(day)
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_text(re.compile("Downloads of police files on")).wait_for()
    assert f"window=day&day={day}" in page.url

    other = drawn(reader(page.url.removeprefix(federation.url)))
    assert legend(other).text_content() == legend(page).text_content()
    assert other.get_by_label("the count").is_checked()
    assert other.get_by_label("or one day").input_value() == day

    page.go_back()
    page.get_by_text("Downloads of police files in the last 30 days").wait_for()
    page.go_back()
    page.get_by_text("Downloads of police files in the last 7 days").wait_for()
    page.go_back()
    page.get_by_text("Downloads of police files per 100,000 inhabitants in the last 7 days").wait_for()
    assert page.url == f"{federation.url}/"
    assert page.locator("body").get_attribute("data-same") == "yes"


def test_another_indicator_has_its_own_words_and_numbers(reader, federation):
    page = drawn(reader("/"))
    page.get_by_role("link", name="Visits to help services").click()
    page.wait_for_selector("a.map-country[data-code=NO][data-shade='0']", state="attached")
    assert legend(page).text_content().startswith("Visits to help services per 100,000 inhabitants")
    assert page.url == f"{federation.url}/?indicator=HELP_VISITS"
    page.get_by_label("or one day").fill("2020-01-01")
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_text("Nothing is published on 1 January 2020 yet.").wait_for()
    page.wait_for_selector("a.map-country[data-code=NO][data-shade=none]", state="attached")


def test_an_answer_does_not_take_away_the_day_being_typed(reader, federation):
    page = drawn(reader("/"))
    waiting, address = [], f"{federation.url}/?indicator=HELP_VISITS"
    page.route(address, lambda route: waiting.append(route))  # noqa: PLW0108  Playwright cannot wrap a builtin
    with page.expect_request(address):
        page.get_by_role("link", name="Visits to help services").click()
    day = page.get_by_label("or one day")
    day.fill("2020-01-01")
    with page.expect_response(address):
        waiting.pop().continue_()
    page.get_by_role("heading", name="Visits to help services", level=1).wait_for()
    assert day.input_value() == "2020-01-01"
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**/?indicator=HELP_VISITS&window=day&day=2020-01-01")


def test_what_nobody_counts_is_as_if_it_were_not_asked_for(reader):
    assert legend(drawn(reader("/?indicator=NOTHING"))).is_visible()


def test_words_and_names_are_those_of_the_page(reader):
    page = drawn(reader("/de/"))
    name = page.locator("tr[data-country=CZ] th").text_content()
    assert page.locator("a[data-code=CZ]").get_attribute("aria-label").startswith(f"{name}: 0 ")


def test_silent_agency_stays_named_beside_the_map(reader):
    page = drawn(reader("/"))
    said = page.locator(".covered").get_by_text("Police of SE has been silent since")
    assert said.is_visible()
    page.get_by_role("link", name="Last 365 days").click()
    page.wait_for_selector(".choice [aria-current][href*=P365D]")
    assert said.is_visible()


def test_country_that_is_published_by_week_is_hatched_and_leads_to_its_weeks(reader):
    page = drawn(reader("/"))
    small = page.locator("a[data-code=LI]")
    assert small.get_attribute("data-shade") == "none"
    said = "Liechtenstein: By week. Shorter periods are withheld because the numbers are small."
    assert small.get_attribute("aria-label") == said
    page.locator("[data-country=LI]").get_by_role("link", name="By week").click()
    page.wait_for_url("**/countries/li/")
    assert page.locator("[aria-label='Steps of time'] [aria-current]").text_content() == "By week"


def test_embedded_map_leads_nowhere_and_shows_the_same(reader):
    page = drawn(reader("/embed/map/?window=P30D"))
    assert legend(page).text_content().endswith("in the last 30 days")
    assert page.locator("a.map-country[href]").count() == 0
    assert page.locator("a[data-code=NO]").get_attribute("aria-label").startswith("Norway: ")


# --- by keyboard and pointer ------------------------------------------------------------------------------------------


def test_keyboard_alone_goes_about_the_map(reader, federation):
    page = drawn(reader("/"))
    for _ in range(40):
        page.keyboard.press("Tab")
        if focused(page):
            break
    assert focused(page) == "NO"
    assert page.locator(".map-tip").text_content().startswith("Norway")
    page.keyboard.press("ArrowRight")
    assert focused(page) == "SE"

    place = page.locator(".map-svg > g")
    whole = place.get_attribute("transform")
    page.keyboard.press("+")
    wait_until(lambda: place.get_attribute("transform") != whole)
    page.keyboard.press("-")
    wait_until(lambda: place.get_attribute("transform") == whole)
    page.keyboard.press("-")
    page.wait_for_selector("a[data-code=BR][data-shade='0']", state="attached")
    assert focused(page) == "SE"
    page.keyboard.press("0")
    page.wait_for_selector("a[data-code=BR]", state="detached")
    assert focused(page) == "SE"

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "BUTTON"
    page.keyboard.press("Shift+Tab")
    assert focused(page) == "SE"
    page.keyboard.press("Enter")
    page.wait_for_url(f"{federation.url}/countries/se/")


def test_pointer_shows_a_country_and_leads_to_its_page(reader, federation):
    page = drawn(reader("/"))
    page.hover("a[data-code=NO] .map-shape", position={"x": 20, "y": 180})
    tip = page.locator(".map-tip")
    tip.wait_for()
    assert re.match(r"Norway[\d,]+ downloads in the last 7 days, [\d.]+ per 100,000 inhabitants", tip.text_content())
    page.click("a[data-code=NO] .map-shape", position={"x": 20, "y": 180})
    page.wait_for_url(f"{federation.url}/countries/no/")


def test_world_is_fetched_once_somebody_wants_it(reader):
    begun = []
    page = drawn(reader("/", before=lambda page: page.on("request", lambda request: begun.append(request.url))))
    assert not [url for url in begun if "world" in url]
    page.get_by_role("button", name="Show the world").click()
    page.wait_for_selector("a[data-code=BR][data-shade='0']", state="attached")
    assert page.locator(SHADED).count() == 1
    page.get_by_role("button", name="Back to Europe").click()
    page.wait_for_selector("a[data-code=BR]", state="detached")
    page.get_by_role("button", name="Show the world").click()
    page.wait_for_selector("a[data-code=BR][data-shade='0']", state="attached")
    assert len([url for url in begun if "world" in url]) == 1


# --- a slow line, and an API that is away ---------------------------------------------------------------------------


def test_nothing_moves_while_it_loads_over_a_slow_line_and_the_first_view_is_small(reader):
    sizes = []

    # So high that the table is seen: what moves out of sight counts for nothing.
    def before(page):
        slow(page, lambda event: sizes.append(event["encodedDataLength"]))
        page.add_init_script(
            """window.moved = 0;
            new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => (window.moved += value)))
                .observe({ type: "layout-shift", buffered: true });"""
        )

    for width in (360, 1440):
        sizes.clear()
        page = listening(reader("/", before=before, viewport={"width": width, "height": 3000}))
        assert 6 <= len(sizes) <= 12
        assert 40_000 < sum(sizes) < 250_000
        sleep(0.5)
        assert page.evaluate("window.moved") < 0.01


def fail_with(status):
    return lambda route: route.fulfill(status=status, body="") if status else route.abort()


def test_failing_api_is_reported_until_it_is_back(reader):
    page = drawn(reader("/", before=lambda page: page.clock.install(), failing="/api/v1/"))
    state = page.locator(".map-state")
    assert state.text_content() == ""
    for answer, said in (
        (None, "The numbers cannot be reached since"),
        (HTTPStatus.SERVICE_UNAVAILABLE, "The numbers cannot be reached since"),
        (HTTPStatus.NOT_FOUND, "These numbers are not available."),
    ):
        page.route(API, fail_with(answer))
        wait_until(lambda said=said: page.clock.run_for(500) or said in state.text_content())
        assert page.locator(SHADED).count() == 1
        assert page.locator("tr[data-country=NO]").is_visible()
        page.unroute(API)
        wait_until(lambda: page.clock.run_for(500) or state.text_content() == "")


def test_map_that_found_no_numbers_at_first_finds_them_later(reader):
    def before(page):
        page.clock.install()
        page.route(API, lambda route: route.abort())

    page = reader("/", before=before, failing="/api/v1/")
    page.get_by_text("The numbers cannot be reached. This page tries again by itself.").wait_for()
    assert page.locator("tr[data-country=NO]").is_visible()
    page.unroute(API)
    wait_until(lambda: page.clock.run_for(500) or page.locator(SHADED).count() == 1)
    assert page.locator(".map-state").text_content() == ""
