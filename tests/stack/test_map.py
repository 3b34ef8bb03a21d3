"""The map in a real browser before the real stack: live, with the choices of a reader, by keyboard and pointer."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from tests.stack.maps import CALLS, LIVE, LOOK, NOTE, SHADED, asked, drawn, focused, legend, listening, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.verify, pytest.mark.xdist_group("stack")]


# --- live -------------------------------------------------------------------------------------------------------------


def test_asks_little_and_not_while_nobody_looks(reader):
    live = []

    def before(page):
        page.on("response", lambda response: LIVE.search(response.url) and live.append(response))
        page.clock.install()
        page.add_init_script(NOTE)

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

    page.evaluate(LOOK, True)
    page.evaluate("dispatchEvent(new Event('online'))")
    many = len(asked())
    page.clock.run_for(60_000)
    assert len(asked()) == many
    page.evaluate(LOOK, False)
    wait_until(lambda: page.clock.run_for(500) or len(asked()) > many)


def test_clock_that_is_set_back_does_not_stop_the_numbers(reader):
    def before(page):
        page.add_init_script(
            """window.back = 0;
            const now = Date.now;
            Date.now = () => now() - window.back;"""
        )

    page = listening(reader("/", before=before))
    page.evaluate("window.back = 3_600_000")
    many = len(page.evaluate(CALLS, "live"))
    wait_until(lambda: len(page.evaluate(CALLS, "live")) > many + 1, seconds=20)


def test_older_answers_of_a_cache_do_not_replace_newer_numbers(reader):
    windows, served = [], {"old": False}

    def answer(route):
        # The agencies report no hours, so the last week stands for the last day too.
        url, given = route.request.url.replace("P1D", "P7D"), route.request.headers
        found = route.fetch(url=url, headers={name: given[name] for name in given if name != "if-none-match"}).json()
        if not served["old"]:
            found["meta"]["version"] += 1_000_000
            found["observations"] = [{**row, "value": row["value"] * 2} for row in found["observations"]]
        windows.append(asked(route.request.url)[1]["window"][0])
        route.fulfill(json=found)

    def before(page):
        page.clock.install()
        page.route("**/aggregates/windows/*", answer)

    def ask_again():
        """The answer was read once the next request has begun."""
        many = {window: windows.count(window) + 2 for window in ("P7D", "P1D")}
        wait_until(lambda: page.clock.run_for(2_000) or all(windows.count(one) >= many[one] for one in many))

    page = drawn(reader("/", before=before))

    def shown():
        return [page.locator("a[data-code=NO]").get_attribute("aria-label"), page.locator(".live-total").text_content()]

    ask_again()
    newest = shown()
    served["old"] = True
    ask_again()
    assert shown() == newest
    # The same view again has no older numbers either.
    page.get_by_role("link", name="Last 30 days").click()
    wait_until(lambda: page.clock.run_for(500) or "in the last 30 days" in shown()[0])
    page.go_back()
    wait_until(lambda: page.clock.run_for(500) or "in the last 7 days" in shown()[0])
    assert shown()[0] == newest[0]
    page.unroute_all(behavior="ignoreErrors")


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
    said = page.locator(".notices").get_by_text("1 agency is silent: Police of SE")
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
    page.locator("[data-country=LI]").get_by_role("link", name="published only by the week").click()
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
    # The size of the map depends on the window, and so does where Norway is under the pointer.
    page = drawn(reader("/", viewport={"width": 1280, "height": 1100}))
    page.hover("a[data-code=NO] .map-shape", position={"x": 20, "y": 180})
    tip = page.locator(".map-tip")
    tip.wait_for()
    assert re.match(r"Norway[\d,]+ downloads in the last 7 days, [\d.]+ per 100,000 inhabitants", tip.text_content())
    page.click("a[data-code=NO] .map-shape", position={"x": 20, "y": 180})
    page.wait_for_url(f"{federation.url}/countries/no/")


def test_first_tap_shows_a_country_and_the_second_opens_its_page(reader, federation):
    page = drawn(reader("/", viewport={"width": 360, "height": 780}, has_touch=True))
    tip = page.locator(".map-tip")

    def tap(code):
        # Its middle lies in the country itself.
        page.locator(f"a[data-code={code}] .map-shape").tap()

    page.locator(".map-svg").scroll_into_view_if_needed()
    for code, name in (("DE", "Germany"), ("PL", "Poland")):
        tap(code)
        tip.get_by_text(name).wait_for()
        assert tip.get_by_text("Tap again to open its page.").is_visible()
    page.locator(".map-legend").tap()
    tip.wait_for(state="hidden")
    tap("PL")
    tip.get_by_text("Poland").wait_for()
    assert page.url == f"{federation.url}/"
    tap("PL")
    page.wait_for_url(f"{federation.url}/countries/pl/")


#: A point of a country and of the window, near the side of the frame where the country is cut, whose middle is outside.
_AT_EDGE = """(code) => {
  const { left, right, top, bottom } = document.querySelector(".map-frame").getBoundingClientRect();
  for (let x = right - 12; x > left; x -= 4) for (let y = top + 12; y < bottom - 12; y += 4) {
    const found = document.elementFromPoint(x, y)?.closest(".map-country");
    if (found?.dataset.code === code) return [x, y];
  }
}"""


@pytest.mark.parametrize("by_touch", [False, True])
def test_country_whose_middle_is_outside_the_frame_is_shown_and_opened(reader, federation, by_touch):
    viewport = {"width": 360, "height": 780} if by_touch else {"width": 1440, "height": 900}
    page = drawn(reader("/", viewport=viewport, has_touch=by_touch))
    page.locator(".map-frame").scroll_into_view_if_needed()
    point = page.evaluate(_AT_EDGE, "RU")
    if by_touch:
        page.touchscreen.tap(*point)
    else:
        page.mouse.move(*point)
    page.locator(".map-tip").get_by_text("Russia").wait_for()
    if by_touch:
        page.touchscreen.tap(*point)
    else:
        page.mouse.click(*point)
    page.wait_for_url(f"{federation.url}/countries/ru/")


def test_only_what_a_key_moves_is_a_stop_of_the_tab_key(reader):
    page = drawn(reader("/"))
    page.get_by_role("button", name="Pause").focus()
    stops = []
    for _ in range(12):
        page.keyboard.press("Shift+Tab")
        stops.append(page.evaluate("document.activeElement.tagName"))
    assert "svg" not in stops


def test_nothing_hides_the_map_from_fingers_beside_its_buttons(reader):
    page = drawn(reader("/", viewport={"width": 360, "height": 780}, has_touch=True))
    page.locator(".map-frame").scroll_into_view_if_needed()
    box = page.locator(".map-buttons").bounding_box()
    point = [box["x"] + box["width"] - 4, box["y"] + box["height"] / 2]
    assert page.evaluate("([x, y]) => document.elementFromPoint(x, y).closest('.map-svg') !== null", point)


def test_map_is_taken_away_as_a_picture_that_stands_for_itself(reader):
    page = drawn(reader("/?window=P30D&per=count", color_scheme="dark"))
    page.get_by_text("Share, cite or download").click()
    box = page.locator("#share-files")
    with page.expect_download() as started:
        box.get_by_role("button", name="SVG").click()
    assert re.fullmatch(r"police2peer-downloads-[\d-]+\.svg", started.value.suggested_filename)
    text = started.value.path().read_text()
    picture = ElementTree.fromstring(text)
    said = " ".join("".join(part.itertext()) for part in picture.iter("{http://www.w3.org/2000/svg}text"))
    assert "Downloads of police files in the last 30 days" in said
    assert " – " in said
    # Both have reported for a part of the period: they began twenty days ago, and one has been silent for four.
    assert "2 of 2 agencies have reported for this period. Together they cover 90% of the time" in said
    assert "A download is not a person and not an offence." in said
    assert re.search(r"Police2Peer Federation \(\d{4}\): .* as_of=", said.replace("&", " "))
    # It needs no style sheet, it is light, and nothing in it leads anywhere.
    assert not re.search(r"<style|\sstyle=|<a |var\(|<script", text)
    shade = page.locator("a[data-code=NO]").get_attribute("data-shade")
    (norway, *_) = re.findall(rf'data-shade="{shade}"><path[^>]* fill="(rgb[^"]+)"', text)
    dark = page.locator("a[data-code=NO] .map-shape").evaluate("shape => getComputedStyle(shape).fill")
    assert norway != dark
    with page.expect_download() as started:
        box.get_by_role("button", name="PNG").click()
    content = started.value.path().read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    # A picture of nothing would be packed to almost nothing.
    assert len(content) > 60_000


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
