"""A country's page in a real browser: compared, shared, saved, read by keyboard, and without scripts."""

import csv
import json
import re
import struct
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from tests.stack import desk

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.verify, pytest.mark.xdist_group("stack")]
COMPARED = "/countries/no/?with=SE&show=count"
WIDTHS = (360, 768, 1440)


def numbers(page):
    """Return the table under the chart: by period what stands in its row."""
    rows = page.locator("section[aria-labelledby=trend] table.periods tbody tr").all_inner_texts()
    return {row.split("\t")[0]: row.split("\t")[1:] for row in rows}


def figures(page):
    """Return the same without words, and without what languages group by."""
    return [[re.sub(r"\D", "", value) for value in row[:2]] for row in numbers(page).values()]


def slider(page):
    return page.locator(".cursor")


def test_country_is_compared_with_another_of_the_list(reader, federation):
    page = reader("/countries/no/")
    page.get_by_text("Choose from a list").click()
    page.get_by_label("Sweden", exact=True).check()
    page.locator("form.add").get_by_role("button", name="Show").click()
    page.wait_for_url("**/countries/no/?with=SE#trend")
    assert page.locator("g.line").count() == 2
    page.get_by_role("link", name="Count", exact=True).click()
    page.wait_for_url("**/countries/no/?with=SE&show=count#trend")
    found = numbers(page)
    answer = federation.stack.read(
        "aggregates/?indicator=DOWNLOADS&frequency=D&start=2026-01-01&end=2099-01-01&country=NO,SE"
    )
    seen = {(row["period"], row["country"]): row["value"] for row in answer["observations"]}
    assert len(found) == len(answer["coverage"]) == 20
    for row, covered in zip(reversed(found.values()), answer["coverage"], strict=True):
        assert row[:2] == [str(seen[covered["period"], code]) for code in ("NO", "SE")]
    page.get_by_role("link", name="Leave out Sweden").click()
    page.wait_for_url(re.compile(r"/countries/no/\??#trend$"))
    assert page.locator("g.line").count() == 0


#: Types names and presses Enter after each, faster than any pause of the test could be.
TYPE = """(field, names) => {
  for (const name of names) {
    field.value = name;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
  }
  return [...document.querySelectorAll("form.add .chips button")].map((chip) => chip.textContent);
}"""


def test_countries_are_added_by_typing_several_at_once(reader):
    page = reader("/countries/no/?with=DK")
    field = page.get_by_label("Add countries")
    field.press_sequentially("zzz")
    field.press("Enter")
    assert page.get_by_text("No country has this name.").is_visible()
    field.press("Escape")
    field.press_sequentially("swe")
    assert page.get_by_text("Enter adds Sweden.").is_visible()
    # One Enter draws the chart again, and the next name can be typed at once.
    field.press("Enter")
    page.wait_for_url("**/countries/no/?with=DK&with=SE#find")
    assert page.locator("g.line").count() == 3
    assert page.get_by_text("The chart shows Norway, Denmark, Sweden.").is_visible()
    assert field.evaluate("field => field === document.activeElement && field.value === ''")
    assert field.evaluate("field => document.getElementById(field.getAttribute('aria-describedby')).innerText")
    # Several that are typed one after the other are drawn together.
    assert field.evaluate(TYPE, ["ger", "aland"]) == ["Åland Islands ×", "Germany ×"]
    page.wait_for_url("**/countries/no/?with=DK&with=SE&with=AX&with=DE#find")
    page.get_by_role("link", name="Leave out Åland Islands").click()
    page.wait_for_url("**/countries/no/?with=DK&with=SE&with=DE#trend")
    # The list of what was typed does so too, by key and by pointer.
    field.press_sequentially("finl")
    field.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**&with=DE&with=FI#find")
    page.get_by_role("link", name="Leave out Finland").click()
    field.press_sequentially("icel")
    page.get_by_label("Iceland").check()
    page.wait_for_url("**&with=DE&with=IS#find")
    page.get_by_role("link", name="Leave out Iceland").click()
    page.wait_for_url("**/countries/no/?with=DK&with=SE&with=DE#trend")
    # Five others are the most.
    assert len(field.evaluate(TYPE, ["pol", "fra", "spa"])) == 2
    page.wait_for_url("**/countries/no/?with=DK&with=SE&with=DE&with=FR&with=PL#trend")
    assert page.locator("g.line").count() == 6
    assert page.get_by_text("You can compare at most five others, because more could not be told apart.").is_visible()


def test_marks_of_a_narrow_chart_do_not_touch_and_all_incomplete_days_have_one(reader):
    page = reader(COMPARED)
    page.set_viewport_size({"width": 320, "height": 700})
    shown = page.locator("g.line.s0 use.dot").filter(visible=True)
    boxes = shown.evaluate_all("all => all.map(dot => dot.getBoundingClientRect()).map(box => [box.left, box.right])")
    assert all(right + 1 < left for (_, right), (left, _) in pairwise(boxes))
    # They are small enough for a chart of 52 weeks.
    assert max(right - left for left, right in boxes) <= 4
    assert len(boxes) == 8 + 4
    assert page.locator("g.line.s0 use.hollow").filter(visible=True).count() == 4


def test_silent_agency_draws_no_fall(reader):
    page = reader(COMPARED)
    dots = page.locator("g.line.s0 use.dot").evaluate_all("all => all.map(dot => dot.classList.contains('hollow'))")
    assert dots == [False] * 16 + [True] * 4
    # No line leads to the four incomplete days. Among them it goes on thin and dashed, on shaded ground.
    looks = page.locator("g.line.s0 line.segment").evaluate_all(
        "all => all.map(line => [line.getBoundingClientRect().right, getComputedStyle(line).strokeDasharray,"
        " parseFloat(getComputedStyle(line).strokeWidth)])"
    )
    full, dashed = looks[:15], looks[15:]
    assert len(dashed) == 3
    assert {dash for _, dash, _ in full} == {"none"}
    assert {dash for _, dash, _ in dashed} == {"6px, 5px"}
    assert max(width for *_, width in dashed) < min(width for *_, width in full) / 2
    shade = page.locator("rect.gap").bounding_box()
    assert max(right for right, *_ in full) <= shade["x"]
    assert shade["x"] < min(right for right, *_ in dashed)
    assert page.locator("text.gap-word").text_content() == "incomplete"
    assert page.locator("g.line.s0 use.more").count() == 4
    hollow, filled = (
        page.locator(f"g.line.s0 use.dot{kind}").first.evaluate("dot => getComputedStyle(dot).fill")
        for kind in (".hollow", ":not(.hollow)")
    )
    assert hollow == "rgb(255, 255, 255)" != filled
    page = reader("/countries/no/")
    looks = page.locator(".plot rect.bar").evaluate_all(
        "all => all.map(bar => getComputedStyle(bar).fill + getComputedStyle(bar).strokeDasharray)"
    )
    assert len(set(looks[:16])) == len(set(looks[16:])) == 1
    assert looks[0] != looks[16]


def test_lines_carry_their_names_where_there_is_room(reader):
    page = reader("/countries/no/?with=SE&with=DK&with=DE&with=BA&with=EUROPE&show=count")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        names = page.locator(".label text").evaluate_all(
            "all => all.filter(text => text.checkVisibility()).map(text => text.getBoundingClientRect())"
            ".map(box => [box.top, box.bottom, box.right])"
        )
        legend = page.locator("ul.countries").bounding_box()
        assert (legend["width"] > 100) is (not names), width
        assert len(names) == (6 if width > 768 else 0)
        assert all(before[1] <= after[0] + 1 for before, after in pairwise(sorted(names))), width
        assert all(right <= width for *_, right in names)


def test_range_is_chosen_with_two_handles_or_two_fields(reader):
    page = reader("/countries/no/?with=SE")
    handle = page.get_by_role("slider", name="From")
    before = list(numbers(page))
    page.locator(".plot").scroll_into_view_if_needed()
    handle.focus()
    seen = page.locator("form.range").bounding_box()["y"]
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    said = handle.get_attribute("aria-valuetext")
    page.wait_for_url("**#slide-start=*")
    assert list(numbers(page)) == before[:-5]
    assert said == list(numbers(page))[-1]
    # The last day goes on with the clock, and the handle is still under the keys.
    assert "end=" not in page.url
    assert page.evaluate("document.activeElement.id") == "slide-start"
    # The slider stays where the reader sees it, with the chart above it.
    assert abs(page.locator("form.range").bounding_box()["y"] - seen) <= 1
    page = reader("/countries/no/?with=SE", java_script_enabled=False)
    days = [page.locator(f"input[name={name}]").input_value() for name in ("start", "end")]
    page.get_by_label("From").fill(days[1])
    page.locator("form.range button").click()
    page.wait_for_url(f"**start={days[1]}&end={days[1]}#trend")
    assert list(numbers(page)) == before[:1]


def test_embedded_chart_is_seen_in_the_recommended_size(reader):
    page = reader("/embed/country/no/?with=SE")
    page.set_viewport_size({"width": 600, "height": 560})
    strip = page.locator(".plot .base").bounding_box()
    assert strip["y"] + 20 < 560


def open_box(page):
    page.get_by_text("Share, cite or download").click()


def test_shared_address_shows_the_same_to_others(reader, federation):
    page = reader(f"{COMPARED}&frequency=D")
    open_box(page)
    cited = page.locator("a.address").get_attribute("href")
    assert re.search(r"with=SE&show=count&start=[\d-]+&end=[\d-]+&as_of=[\dT:.-]+Z$", cited)
    assert page.locator("a.address").inner_text() == f"{federation.url}{cited}"
    other = reader(cited)
    assert numbers(other) == numbers(page)
    assert other.get_by_text("You see the numbers as they were public on").is_visible()
    other.get_by_role("link", name="Show the numbers as they are now").click()
    other.wait_for_url(re.compile(r"/countries/no/\?(frequency=D&)?with=SE&show=count$"))


def test_language_is_changed_and_the_view_stays(reader):
    page = reader(f"{COMPARED}&frequency=W")
    before = figures(page)
    page.locator(".languages summary").click()
    page.get_by_role("link", name="Deutsch").click()
    page.wait_for_url("**/de/countries/no/?with=SE&show=count&frequency=W")
    assert figures(page) == before
    assert page.locator("ul.countries").inner_text().split() == ["Norwegen", "Schweden"]


def taken(page, name):
    with page.expect_download() as started:
        page.locator("#share-files").get_by_text(name, exact=True).click()
    return started.value


def test_what_is_shown_can_be_taken_away(reader):
    page = reader(COMPARED)
    open_box(page)
    shown = numbers(page)
    download = taken(page, "CSV")
    rows = list(csv.DictReader(download.path().read_text().splitlines()))
    assert [row["OBS_VALUE"] for row in rows if row["COUNTRY"] == "SE"] == [row[1] for row in reversed(shown.values())]
    assert re.fullmatch(r"police2peer-no-se-[\d-]+\.csv", download.suggested_filename)
    answer = json.loads(taken(page, "JSON").path().read_text())
    assert sorted(str(row["value"]) for row in answer["observations"]) == sorted(
        value for row in shown.values() for value in row[:2]
    )
    picture = ElementTree.fromstring(taken(page, "SVG").path().read_text())
    download = taken(page, "PNG")
    assert re.fullmatch(r"police2peer-no-se-[\d-]+\.png", download.suggested_filename)
    content = download.path().read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", content[16:24]) == (2 * int(picture.get("width")), 2 * int(picture.get("height")))
    # A picture of nothing would be packed to almost nothing.
    assert len(content) > 30_000


def test_words_of_the_box_are_copied(reader, federation):
    page = reader("/countries/no/", permissions=["clipboard-read", "clipboard-write"])
    open_box(page)
    citation = page.locator("#share-citation").inner_text()
    assert citation.startswith("Police2Peer Federation (")
    button = page.get_by_role("button", name="Copy", exact=True).nth(2)
    button.click()
    page.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == citation
    # Where a browser has no menu for sharing, there is no button for it.
    assert page.get_by_role("button", name="Share").is_visible() == page.evaluate("'share' in navigator")
    frame = re.search(r'src="([^"]+)"[^>]* height="(\d+)"', page.locator("#share-frame").inner_text())
    assert frame[1] == f"{federation.url}/embed/country/no/"
    other = reader(frame[1].removeprefix(federation.url), viewport={"width": 600, "height": int(frame[2])})
    plot = other.locator(".plot").bounding_box()
    assert plot["y"] + plot["height"] <= int(frame[2])


def test_chart_is_read_with_the_keyboard_alone(reader):
    page = reader(COMPARED)
    desk.tab_to(page, ".cursor")
    shown = numbers(page)
    periods = list(reversed(shown))
    for key, at in (
        ("Home", 0),
        ("ArrowLeft", 0),
        ("ArrowRight", 1),
        ("ArrowUp", 2),
        ("End", 19),
        ("ArrowRight", 19),
        ("ArrowLeft", 18),
    ):
        page.keyboard.press(key)
        assert slider(page).get_attribute("aria-valuetext") == periods[at]
        assert slider(page).get_attribute("aria-valuenow") == str(at + 1)
        told = page.locator(".readout").inner_text()
        norway, sweden, coverage = shown[periods[at]]
        assert all(part in told for part in (periods[at], f"Norway: {norway}", f"Sweden: {sweden}", coverage))
    # What the keys do not mean is left to the browser.
    page.keyboard.press("PageDown")
    assert slider(page).get_attribute("aria-valuenow") == "19"


def test_chart_is_read_with_a_pointer(reader):
    page = reader("/countries/no/")
    slider(page).scroll_into_view_if_needed()
    box = slider(page).bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 40)
    assert slider(page).get_attribute("aria-valuenow") == "1"
    band = page.locator(".cursor rect").bounding_box()
    assert abs(band["x"] - box["x"]) < 2
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 40)
    assert slider(page).get_attribute("aria-valuenow") == "20"
    assert is_read(page)
    page.mouse.move(box["x"] - 5, box["y"] - 200)
    assert not is_read(page)


def is_read(page):
    """Whether the words of a period are seen."""
    return page.locator(".readout").evaluate("box => getComputedStyle(box).opacity") == "1"


def test_words_of_a_period_stand_beside_it_and_whole_in_the_window(reader):
    for width, height in ((320, 640), (1280, 900)):
        page = reader(COMPARED, viewport={"width": width, "height": height}, has_touch=True)
        slider(page).scroll_into_view_if_needed()
        box = slider(page).bounding_box()
        for share in (0.02, 0.5, 0.98):
            for down in (5, box["height"] / 2, box["height"] - 5):
                x, y = box["x"] + share * box["width"], min(height - 1, box["y"] + down)
                page.touchscreen.tap(x, y)
                words = page.locator(".readout").bounding_box()
                assert is_read(page)
                assert words["x"] >= 0 <= words["y"]
                assert words["x"] + words["width"] <= width
                assert words["y"] + words["height"] <= height
                # A finger hides what is under it.
                assert not (words["y"] <= y <= words["y"] + words["height"])
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        page.locator("h2#trend").tap()
        assert not is_read(page)


def test_page_is_whole_without_scripts(reader):
    page = reader("/countries/no/", java_script_enabled=False)
    assert not page.get_by_label("Add countries").is_visible()
    page.get_by_text("Choose from a list").click()
    for name in ("Sweden", "Denmark"):
        page.get_by_label(name, exact=True).check()
    page.locator("form.add").get_by_role("button").click()
    page.wait_for_url("**/countries/no/?with=DK&with=SE#trend")
    assert page.locator("g.line").count() == 3
    open_box(page)
    assert page.get_by_role("link", name="SVG").is_visible()
    assert page.get_by_role("button", name="Copy").count() == 0
    assert page.get_by_role("button", name="PNG").count() == page.get_by_role("slider").count() == 0
    assert len(numbers(page)) == 20
    page.get_by_text("The same numbers as a table").click()
    assert page.locator("details table").is_visible()


def test_comparison_fits_at_all_widths_and_on_paper(reader):
    page = reader("/nl/countries/no/?with=SE&with=DK&with=DE&with=BA&with=EUROPE&frequency=W")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, width
        names = page.locator(".plot .tick text").evaluate_all(
            "all => all.filter(text => text.checkVisibility() && text.getBoundingClientRect().width)"
            ".map(text => text.getBoundingClientRect()).map(box => [box.left, box.right, box.top])"
        )
        upper = sorted(box for box in names if box[2] == min(top for _, _, top in names))
        assert all(before[1] < after[0] for before, after in pairwise(upper)), width
    page.emulate_media(media="print")
    assert page.locator(".plot .field").is_visible()
    assert not page.locator(".cursor").is_visible()
    assert not page.locator("form.add, #share-files").first.is_visible()
