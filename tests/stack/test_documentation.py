"""The documentation and the list of the API in a real browser before the real stack."""

import re

import pytest

from tests.stack.test_pages import AXE, RUN

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.verify, pytest.mark.xdist_group("stack")]
#: A front page, long tables, pictures, code, a list of documents, and what a search finds or does not find.
PAGES = (
    "/docs/", "/docs/reference/errors/", "/docs/how-to/send-a-spreadsheet/", "/docs/how-to/deploy/",
    "/docs/reference/access/", "/docs/decisions/", "/docs/search/?q=time+zone", "/docs/search/?q=xylophone",
)  # fmt: skip


def test_pages_fit_and_axe_finds_nothing(reader, federation):
    page, found = reader("/docs/"), {}
    for address in PAGES:
        page.goto(f"{federation.url}{address}")
        page.evaluate(AXE.read_text())
        for width, scheme in ((1440, "light"), (768, "light"), (320, "dark")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (address, width)
            for violation in page.evaluate(RUN)["violations"]:
                found[address, width, violation["id"]] = [node["html"] for node in violation["nodes"]]
    assert found == {}


def test_search_and_contents_need_no_script(reader):
    page = reader("/docs/", java_script_enabled=False, viewport={"width": 360, "height": 780})
    page.get_by_label("Search the documentation").fill("bad_cursor")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="bad_cursor", exact=True).click()
    page.wait_for_url("**/docs/reference/errors/#bad_cursor")
    assert page.locator("#bad_cursor + p").get_by_text("Follow the link in").is_visible()
    page.get_by_role("link", name="Reference", exact=True).first.click()
    page.get_by_role("link", name="Limits").first.click()
    page.get_by_text("On this page").first.click()
    page.locator("details.contents a").first.click()
    assert "/docs/reference/limits/#" in page.url


def execute(block):
    """Return the status of the answer, or all of it if it is a failure."""
    block.get_by_role("button", name="Execute").click()
    answer = block.locator(".live-responses-table tbody .response-col_status").first
    answer.wait_for()
    status = answer.inner_text().split()[0]
    return status if status == "200" else block.locator(".live-responses-table").inner_text()


def execute_all(page) -> dict[str, str]:
    """Press every *Try it out* and *Execute* of the list. Return the status of each answer, or a failure."""
    found = {}
    for block in page.locator(".opblock").all():
        name = " ".join(block.locator(".opblock-summary-method, .opblock-summary-path").all_inner_texts())
        name = re.sub(r"[^\w/{} ]", "", name)
        heading = block.locator(".opblock-summary-control")
        heading.click()
        # The answers are the last part that is drawn.
        block.locator(".responses-wrapper").wait_for()
        button = block.get_by_role("button", name="Try it out")
        if button.count():
            button.click()
            found[name] = "no example" if "{id}" in name else execute(block)
        # Each that stays open makes the next ones slower.
        heading.click()
    return found


def test_each_example_of_the_list_runs_as_it_stands(reader, federation):
    """For everybody, then for an agency; what only an agency can try is not offered to others."""
    page = reader("/api/docs/", viewport={"width": 1280, "height": 900})
    page.locator(".opblock").first.wait_for()
    assert page.locator(".opblock").count() >= 20
    public = execute_all(page)
    assert len(public) >= 12
    assert set(public.values()) == {"200", "no example"}, public

    page.reload()
    page.get_by_role("button", name="Authorize").first.click()
    dialog = page.locator(".dialog-ux")
    dialog.get_by_label("client_id").fill(federation.agencies["NO-KRIPOS"].client_id)
    dialog.get_by_label("client_secret").fill(federation.agencies["NO-KRIPOS"].client_secret)
    dialog.get_by_role("button", name="Apply given OAuth2 credentials").click()
    dialog.get_by_role("button", name="Remove authorization").wait_for()
    dialog.get_by_role("button", name="Close").last.click()
    authorized = execute_all(page)
    assert set(authorized) - set(public) >= {"GET /api/v1/figures/", "POST /api/v1/submissions/"}
    assert "POST /oauth/token/" not in authorized
    assert set(authorized.values()) == {"200", "no example"}, authorized


#: The list of the API has a main part within that of the page. No other role is meant for `main`, but a second main
#: part would be worse, and the viewer cannot do without the element.
LIST = (
    "axe.run({exclude: ['#operations']}, {resultTypes: ['violations']})",
    "axe.run('#operations', {resultTypes: ['violations'], rules: {'aria-allowed-role': {enabled: false}}})",
)


def test_axe_finds_nothing_in_the_list_of_the_api(reader):
    """Closed, with an example that has been run, and with the dialog for agencies."""
    page, found = reader("/api/docs/"), {}
    page.locator(".opblock").first.wait_for()
    page.evaluate(AXE.read_text())

    def look(state):
        for width, scheme in ((1440, "light"), (320, "dark")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            page.wait_for_function(
                "dark => document.documentElement.classList.contains('dark-mode') === dark", arg=scheme == "dark"
            )
            for violation in [one for run in LIST for one in page.evaluate(run)["violations"]]:
                found[state, width, violation["id"]] = [
                    (node["html"], [reason["message"] for reason in node["any"]]) for node in violation["nodes"]
                ]

    look("closed")
    block = page.locator(".opblock").nth(1)
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    assert execute(block) == "200"
    look("run")
    page.get_by_role("button", name="Authorize").first.click()
    page.locator(".dialog-ux").wait_for()
    look("dialog")
    assert found == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_list_of_the_api_is_in_the_frame_of_the_site(reader, scheme):
    page = reader("/api/docs/", color_scheme=scheme, viewport={"width": 360, "height": 780})
    page.locator(".opblock").first.wait_for()
    assert page.get_by_role("link", name="All help services").is_visible()
    menu = page.get_by_text("Menu", exact=True)
    menu.click()
    assert page.get_by_role("link", name="Map", exact=True).is_visible()
    menu.click()
    page.locator(".opblock-summary-control").nth(1).click()
    page.locator(".opblock-body .opblock-section").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    light = page.evaluate(
        "['body', '.opblock-section'].map(one => getComputedStyle(document.querySelector(one)).color)"
        ".map(one => one.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) > 382)"
    )
    assert light == [scheme == "dark"] * 2
