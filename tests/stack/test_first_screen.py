"""What a reader sees first, in a real browser: help, the map, and notices, none of them cut."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.verify, pytest.mark.xdist_group("stack")]
TELEPHONE, LAPTOP = {"width": 360, "height": 780}, {"width": 1440, "height": 900}
WIDTHS = (320, 360, 768, 1440)
#: A line of help or of a notice is lower than this.
LINE = 42
PAGES = ("/", "/countries/no/", "/coverage/", "/help/", "/embed/map/", "/embed/country/no/")
LANGUAGES = ("", "/de", "/fi", "/fr")
#: What is shown of these parts and does not fit into its box. A part that wrapped out of its line is not shown.
CUT = """parts => parts.flatMap((part) => [part, ...part.querySelectorAll("*")])
.filter((part) => part.checkVisibility() && part.clientWidth > 0)
.filter((part) => {
  const style = getComputedStyle(part), line = part.parentElement.getBoundingClientRect();
  const box = part.getBoundingClientRect();
  const clips = style.overflow !== "visible" && style.flexWrap !== "wrap";
  const away = getComputedStyle(part.parentElement).overflow !== "visible" && box.top >= line.bottom;
  return !away && (part.scrollWidth > part.clientWidth || (clips && part.scrollHeight > part.clientHeight)
    || (getComputedStyle(part.parentElement).overflow !== "visible" && box.bottom > line.bottom));
})
.map((part) => part.textContent)"""
#: What a closed notice shows: the text of each part in its line.
SHOWN = """line => [...line.children].filter((part) => part.checkVisibility()
  && part.getBoundingClientRect().top < line.getBoundingClientRect().bottom && part.textContent.trim())
  .map((part) => part.textContent.trim())"""
#: How far each word is from the one before it in the same line.
APART = """texts => texts.map((text) => {
  const range = document.createRange();
  range.selectNodeContents(text.lastChild);
  return range.getBoundingClientRect();
}).flatMap((box, at, all) => (at && box.top === all[at - 1].top ? [box.left - all[at - 1].right] : []))"""
#: Puts the longest number of a year into the place of each large number.
LONG = """numbers => numbers.forEach((number) => { number.textContent = "134\u00a0507\u00a0315"; })"""
#: The first part of the page that is shown.
_FIRST = """[...document.body.children].find((part) => part.matches(":not(.skip)")).className"""


@pytest.fixture
def seen(reader):
    """Opens the map in a window of some size; where its parts are."""

    def open_page(address, viewport):
        page = reader(address, viewport=viewport)
        page.wait_for_selector("a.map-country[data-code=NO][data-shade]", state="attached")
        return page, lambda part: page.locator(part).bounding_box()

    return open_page


def bottom(box):
    return box["y"] + box["height"]


@pytest.mark.parametrize("language", ["/", "/pl/", "/fi/", "/fr/"])
def test_map_is_in_the_first_screen_of_a_telephone(seen, language):
    page, box = seen(language, TELEPHONE)
    # A few lines say what somebody gets who downloads a file.
    assert page.locator(".opening [data-part=lead] summary .brief").is_visible()
    assert page.locator(".opening [data-part=lead] summary").bounding_box()["height"] < 2 * LINE
    assert box(".map-frame")["y"] < TELEPHONE["height"] / 2
    assert bottom(box(".map-frame")) < TELEPHONE["height"]
    # What is happening now comes right after it, then the choices, then the table.
    tops = [box(part)["y"] for part in (".map-legend", ".live", ".controls", ".list")]
    assert tops == sorted(tops)
    assert page.locator(".pages a").first.is_hidden()
    page.locator(".menu summary").click()
    assert page.locator(".pages a").first.is_visible()


@pytest.mark.parametrize("language", ["/", "/de/", "/fr/"])
def test_map_with_legend_and_table_beside_it_are_in_the_first_screen_of_a_laptop(seen, language):
    page, box = seen(language, LAPTOP)
    frame, table = box(".map-frame"), box(".list")
    assert bottom(box(".map-legend")) < LAPTOP["height"]
    assert frame["height"] > LAPTOP["height"] / 2
    assert table["x"] > frame["x"] + frame["width"]
    assert table["y"] < LAPTOP["height"] * 2 / 3
    assert page.locator(".pages a").first.is_visible()


@pytest.mark.parametrize("width", [320, 360, 390])
def test_no_line_of_the_first_screen_of_a_telephone_is_cut(seen, width):
    page, _ = seen("/", {"width": width, "height": 780})
    lines = ".invented summary, .opening [data-part=lead] summary, .reporting summary, .waiting summary"
    assert page.locator(lines).evaluate_all(CUT) == []


@pytest.mark.parametrize("language", ["", "/fi", "/nb"])
def test_words_on_and_under_the_map_are_whole_and_apart(seen, language):
    page, _ = seen(f"{language}/?per=count", TELEPHONE)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 780})
        assert page.locator(".map-buttons button").evaluate_all(CUT) == [], width
        heights = [button.bounding_box()["height"] for button in page.locator(".map-buttons button").all()]
        assert max(heights) < LINE + 4, width
        assert min(page.locator(".map-legend-list.shades li").evaluate_all(APART)) > 6, width


@pytest.mark.parametrize("address", ["/countries/no/", "/embed/country/no/"])
def test_large_number_is_never_broken(reader, address):
    page = reader(address)
    numbers = page.locator(".heroes dd:not(.note)")
    numbers.evaluate_all(LONG)
    for width in (*WIDTHS, 640, 1024):
        page.set_viewport_size({"width": width, "height": 780})
        assert numbers.evaluate_all(CUT) == [], width
        assert max(number.bounding_box()["height"] for number in numbers.all()) < 60, width


def test_what_is_taken_away_is_seen_whole_and_in_line(reader):
    page = reader("/", viewport=LAPTOP)
    page.locator(".share-box summary").click()
    tops = {part.bounding_box()["y"] for part in page.locator(".share-files > li > *").all()}
    assert len(tops) == 1
    page.set_viewport_size({"width": 320, "height": 780})
    assert page.locator(".share pre").evaluate_all(CUT) == []


def test_values_of_a_correction_stand_in_one_line_with_their_difference(reader):
    rows = reader("/corrections/", viewport=TELEPHONE).locator(".corrections tbody tr").all()
    assert rows
    for row in rows[:5]:
        change, figure = row.locator("td:has(.change)").bounding_box(), row.locator(".figure").bounding_box()
        assert change["y"] == figure["y"]
        assert row.locator("th").bounding_box()["y"] < change["y"] < row.locator("td").last.bounding_box()["y"]


def test_embedded_map_is_whole_in_the_recommended_size(seen, reader):
    frame = reader("/data/").locator("pre", has_text="/embed/map/").text_content()
    size = {name: int(frame.partition(f'{name}="')[2].partition('"')[0]) for name in ("width", "height")}
    _, box = seen("/embed/map/", size)
    assert bottom(box(".map-legend")) < size["height"]
    assert box(".map-frame")["height"] > size["height"] / 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_help_is_first_and_whole_with_a_way_to_it(reader, federation, language):
    page = reader(f"{language}/help/")
    for address in PAGES:
        page.goto(f"{federation.url}{language}{address}")
        for width in (*WIDTHS, 1024):
            page.set_viewport_size({"width": width, "height": 780})
            line = page.locator(".help-line").bounding_box()
            assert (line["y"], line["height"] < LINE) == (0, True), (address, width)
            assert page.locator(".help-line").evaluate_all(CUT) == [], (address, width)
            assert page.locator(".help-line .whole strong").is_visible() == (width >= 1024), (address, width)
            ways = [link for link in page.locator(".help-line a").all() if link.is_visible()]
            assert ways[-1].get_attribute("href") == f"{language}/help/"
            for link in ways:
                found = link.bounding_box()
                assert found["x"] >= 0, (address, width)
                assert found["x"] + found["width"] <= width, (address, width)
                assert found["height"] < LINE, (address, width)
        assert page.evaluate(_FIRST) == "help-line", address


@pytest.mark.parametrize("language", LANGUAGES)
def test_notices_have_one_line_before_they_are_opened(reader, federation, language):
    page = reader(f"{language}/help/")
    for address in ("/", "/countries/no/", "/coverage/", "/embed/map/", "/embed/country/no/"):
        page.goto(f"{federation.url}{language}{address}")
        notices = page.locator(".notices .notice").all()
        assert notices, address
        for width in (*WIDTHS, 1024):
            page.set_viewport_size({"width": width, "height": 780})
            assert max(notice.bounding_box()["height"] for notice in notices) < LINE, (address, width)
            for line in page.locator(".notices summary").all():
                assert line.evaluate(SHOWN), (address, width)
            # Only the names of silent agencies may be longer than their line.
            if width > 320:
                lines = page.locator(".notices .notice:not(.silences) summary")
                assert lines.evaluate_all(CUT) == [], (address, width)


@pytest.mark.parametrize("language", LANGUAGES)
def test_opened_notices_and_printed_ones_are_whole(reader, language):
    page = reader(f"{language}/countries/no/", viewport=TELEPHONE)
    page.emulate_media(media="print")
    assert page.locator(".help-line").evaluate_all(CUT) == []
    sentences = [part.inner_text() for part in page.locator(".notices summary").all()]
    assert page.locator(".help-line .whole span").is_visible()
    assert page.locator(".notices .reporting a").is_visible()
    page.emulate_media(media="screen")
    assert page.locator(".help-line .whole").is_hidden()
    for line in page.locator(".notices summary").all():
        line.click()
    assert [part.inner_text() for part in page.locator(".notices summary").all()] == sentences
    assert page.locator(".notices").evaluate_all(CUT) == []
    assert page.locator(".notices .reporting a").get_attribute("href") == f"{language}/coverage/"
    assert page.locator(".notices .reporting a").is_visible()


def test_what_is_opened_stays_open_when_the_numbers_change(seen):
    page, _ = seen("/", LAPTOP)
    page.locator(".silences summary").click()
    page.get_by_role("link", name="Last 30 days").click()
    page.wait_for_selector(".choice [aria-current][href*=P30D]")
    assert page.locator(".silences a").is_visible()


def test_enter_in_the_day_field_keeps_the_focus(seen):
    page, _ = seen("/", LAPTOP)
    day = page.get_by_label("or one day")
    day.fill("2020-01-01")
    day.focus()
    page.evaluate("addEventListener('focusout', () => (document.body.dataset.left = 'yes'), true)")
    day.press("Enter")
    page.wait_for_url("**/?window=day&day=2020-01-01")
    page.get_by_text("Nothing is published on 1 January 2020 yet.").wait_for()
    page.wait_for_selector("[data-part=controls] a:not([aria-current])[href*=P7D]")
    assert page.evaluate("document.activeElement.id") == "day"
    assert page.locator("body").get_attribute("data-left") is None
