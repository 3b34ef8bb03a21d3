"""A coordinator's working day in a real browser, and what the public reads afterwards."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from tests import second_factor
from tests.integration.processes import eventually
from tests.stack import desk, jobs
from tests.stack.stack import DAYS, HELD, PASSWORD, SILENT, USUAL, Agency, Federation, Stack, ago
from tests.stack.walk import Walk

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.verify, pytest.mark.xdist_group("stack")]
GUIDE = Path(__file__).parents[2] / "docs/how-to/coordinate.md"
HEAD = "| Job | Clicks before | Clicks | Screens before | Screens |"
ROW = r"\| ([^|]+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|"


@pytest.fixture(scope="module")
def walked(federation) -> Federation:
    """Agencies of which no other test decides anything: with held reports, silent, or as usual."""
    stack = federation.stack
    added = stack.begin((), dict.fromkeys(jobs.WALKED, ("HELP_VISITS", ago(DAYS))))
    for code, agency in added.items():
        last = 9 if code in (jobs.FELL_SILENT, jobs.EXPLAINED) else 0
        agency.send(code[:2], {ago(back): USUAL + back % 7 for back in range(last + 1, DAYS + 1)})
    for code, days in ((jobs.HELD_ONE, (2,)), (jobs.HELD_MANY, (2, 3, 4)), (jobs.HELD_BY_LEVEL, (2,))):
        added[code].send(code[:2], {ago(back): 5000 for back in days})
    stack.manage("settle", "--timeout", "60")
    return Federation(stack, {**federation.agencies, **added})


def states_of(stack: Stack, day: str) -> dict[str, str]:
    """Where each agency that is expected on a day stands, for the public."""
    answer = stack.read(f"coverage/?indicator=HELP_VISITS&frequency=D&start={day}&end={day}")
    [period] = answer["coverage"]
    return {one["agency"]: one["state"] for one in period["agencies"]}


def value_of(stack: Stack, country: str, day: str) -> int:
    """How many visits the public reads of a country on a day."""
    query = f"indicator=HELP_VISITS&frequency=D&start={day}&end={day}&country={country}"
    [cell] = stack.read(f"aggregates/?{query}")["observations"]
    return int(cell["value"])


def open_finding(page, agency):
    """Go from the start page to the finding that holds an agency's report."""
    page.get_by_role("link", name="held reports wait").click()
    page.get_by_role("row", name=agency).get_by_role("link", name="R102").click()
    page.get_by_role("heading", name=f"{agency}: implausible level").wait_for()


def decide(page, deed, reason):
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name=deed, exact=True).click()
    page.locator(".messagelist").wait_for()


def test_working_day_of_a_coordinator(federation, visit):
    stack, page, (released, rejected, *_) = federation.stack, visit("kari"), HELD
    assert page.get_by_text(re.compile(rf"{SILENT} has been silent since \d+ \w+( \d{{4}})? \(9 days\)")).count() == 1
    assert page.locator("tr.silent", has_text=SILENT).count() == 1
    assert desk.faults(page) == []
    assert states_of(stack, ago(2))[released] == "held"
    assert value_of(stack, released[:2], ago(2)) != 5000

    open_finding(page, released)
    assert "times the usual" in page.locator(".sentence").inner_text()
    assert page.locator("figure.chart > svg circle.held").count() == 1
    page.get_by_text("The same as a table").click()
    assert page.locator("tr.in-finding td").nth(2).inner_text() == "5,000"
    assert desk.faults(page) == []
    finding = page.url
    decide(page, "Release", "A new campaign began; the agency confirmed it by telephone.")
    assert desk.messages(page)[0] == "1 report released."
    assert page.url != finding
    page.goto(finding)
    assert "A new campaign began" in page.locator("main").inner_text()

    screen(page, "Start")
    open_finding(page, rejected)
    page.get_by_role("button", name="Reject", exact=True).click()
    page.get_by_text("Say why. Nothing was decided yet").wait_for()
    decide(page, "Reject", "Counted twice, says the agency.")
    assert desk.messages(page)[0] == "1 report rejected."

    secret = rotate(page, federation.agencies[released].client_id)
    annotate(page)

    assert eventually(lambda: value_of(stack, released[:2], ago(2)) == 5000)
    assert eventually(lambda: states_of(stack, ago(2))[rejected] == "reported")
    assert states_of(stack, ago(2))[released] == "reported"
    assert value_of(stack, rejected[:2], ago(2)) < 5000
    assert "A campaign of all agencies" in str(stack.read("annotations/"))
    assert Agency(stack, *secret, "HELP_VISITS").send(released[:2], {ago(1): USUAL})["outcomes"]["current"] == 1


def rotate(page, client_id):
    """Issue a successor of a credential, and return what is shown once."""
    screen(page, "Credentials")
    page.get_by_role("link", name=client_id).click()
    page.get_by_role("link", name="Issue a successor").click()
    page.get_by_label("Reason").fill("The yearly change.")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Issue a successor").click()
    page.get_by_text("This is shown once.").wait_for()
    shown = page.locator("dd code").all_inner_texts()
    assert shown[0] != client_id
    return shown[0], shown[1]


def annotate(page):
    """Put a campaign on the time axis."""
    screen(page, "Time axis")
    page.get_by_role("link", name="Add annotation").click()
    page.get_by_label("Kind").select_option("campaign")
    page.get_by_label("Text").fill("A campaign of all agencies")
    page.locator("#id_start_0").fill(ago(2))
    page.locator("#id_start_1").fill("00:00")
    page.get_by_label("Reason").fill("Agreed at the last meeting.")
    save(page)


def screen(page, name):
    page.get_by_role("link", name=name, exact=True).first.click()


def save(page):
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".messagelist .success").wait_for()


def copied(page) -> list[str]:
    """What the clipboard has after each button was pressed."""
    found = []
    for button in page.locator("button.copy").all():
        button.click()
        page.wait_for_function("button => button.textContent === 'Copied'", arg=button.element_handle())
        found.append(page.evaluate("navigator.clipboard.readText()"))
    return found


def test_agency_is_brought_in_and_leaves_as_the_guide_says(federation, visit):
    stack, page = federation.stack, visit("kari", permissions=["clipboard-read", "clipboard-write"])
    screen(page, "Agencies")
    page.get_by_role("link", name="Add agency").click()
    page.locator("#id_code").fill("PL-CBZC")
    page.locator("#id_name").fill("Police of Poland")
    page.locator("#id_reason").fill("They join today.")
    save(page)

    page.get_by_role("link", name="Add a schedule").click()
    page.locator("#id_schedules-0-indicator").select_option("HELP_VISITS")
    page.locator("#id_schedules-0-frequency").select_option("D")
    page.locator("#id_schedules-0-valid_from").fill(ago(3))
    page.locator("#id_schedules-0-deadline_minutes").fill("60")
    save(page)

    page.locator(".next").get_by_role("link", name="Issue a credential").click()
    page.get_by_label("Reason").fill("Their first one.")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Issue").click()
    page.get_by_text("This is shown once.").wait_for()
    issued = page.locator("dd code").all_inner_texts()
    client_id, secret, command = copied(page)
    assert [client_id, secret] == issued[:2]
    assert re.fullmatch(f"p2p-agency init --address {stack.url} --id {re.escape(client_id)}", command)
    page.get_by_role("link", name="Go to PL-CBZC").click()

    page.get_by_role("link", name="Enter the set-up").click()
    page.locator("#id_valid_from").fill(ago(3))
    page.locator("#id_computers").fill("4")
    page.get_by_label("BITTORRENT").check()
    page.locator("#id_counting").select_option("shares")
    page.locator("#id_location_source").fill("A table")
    page.locator("#id_location_date").fill("2026-11-01")
    page.locator("#id_reason").fill("As they wrote.")
    save(page)
    next_step = page.locator(".next")
    assert "never used" in next_step.inner_text()
    assert f"--id {issued[0]}" in page.locator("#first-report").inner_text()
    assert [desk.faults(page), page.evaluate("document.body.innerText").count(issued[1])] == [[], 0]

    Agency(stack, issued[0], issued[1], "HELP_VISITS").send("PL", {ago(2): USUAL})
    assert eventually(lambda: states_of(stack, ago(2)).get("PL-CBZC") == "reported")
    assert "PL-CBZC" in states_of(stack, ago(1))
    page.reload()
    assert "never used" not in next_step.inner_text()

    screen(page, "Agencies")
    page.get_by_role("link", name="PL-CBZC").click()
    page.get_by_role("link", name="Edit").click()
    page.locator("#id_schedules-0-valid_to").fill(ago(3))
    page.locator("#id_reason").fill("They have left.")
    save(page)
    assert eventually(lambda: "PL-CBZC" not in states_of(stack, ago(1)))


def test_two_who_click_at_once_decide_once(federation, visit):
    first, second = visit("kari"), visit("per")
    for page in (first, second):
        open_finding(page, HELD[2])
        page.get_by_label("Reason").fill("Right.")
    # Both requests are under way before either answer is looked at.
    for page in (first, second):
        page.evaluate("document.querySelector('button.release').click()")
    for page in (first, second):
        page.locator(".messagelist").wait_for()
    said = sorted(desk.messages(page)[0] for page in (first, second))
    assert said[0] == "1 report decided already, and left as it was: released by " + said[0].split(" by ")[1]
    assert re.fullmatch(r".*: released by (kari|per) at \d\d:\d\d on \d+ \w+\.", said[0])
    assert said[1] == "1 report released."


def test_hold_is_decided_without_a_mouse(federation, visit):
    page = visit("kari")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Skip to main content"
    page.keyboard.press("Enter")
    desk.tab_to(page, "a[href$='/admin/federation/hold/next/']")
    page.keyboard.press("Enter")
    heading = page.get_by_role("heading", name=": implausible level")
    heading.wait_for()
    for _ in HELD:
        if heading.inner_text() == f"{HELD[3]}: implausible level":
            break
        before = page.url
        desk.tab_to(page, "nav.queue a[href*='after=']")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url, before=before: url != before)
    assert heading.inner_text() == f"{HELD[3]}: implausible level"
    desk.tab_to(page, "textarea[name=reason]")
    page.keyboard.type("Counted twice.")
    desk.tab_to(page, "button.reject", within=2)
    page.keyboard.press("Enter")
    page.locator(".messagelist").wait_for()
    assert desk.messages(page)[0] == "1 report rejected."


def test_detail_is_changed_without_a_mouse_and_without_scripts(federation, visit):
    visit("kari")  # signs her in
    page = visit("kari", java_script_enabled=False, viewport={"width": 360, "height": 740})
    page.goto(f"{federation.stack.url}/admin/countries/detail/add/")
    page.get_by_label("Country").select_option(label="San Marino (SM)")
    page.get_by_label("Indicator").select_option(label="HELP_VISITS")
    page.get_by_label("Valid from").fill("2099-01-01")
    for name in ("Finest step:", "Finest step by network:"):
        page.get_by_label(name).select_option("M")
    page.get_by_label("Reason").fill("Few events.")
    desk.tab_to(page, "input[name=_save]")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What this change does").wait_for()
    assert page.get_by_text("Europe has no weeks, days, hours or minutes, because 1 of its countries").count() == 1
    for width in (360, 1440):
        page.set_viewport_size({"width": width, "height": 740})
        # Django's button for dark pages needs scripts.
        assert [fault for fault in desk.faults(page) if "theme-toggle" not in fault] == []

    desk.tab_to(page, "button[name=_back]")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Add detail").wait_for()
    assert page.get_by_label("Reason").input_value() == "Few events."
    desk.tab_to(page, "input[name=_save]")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What this change does").wait_for()
    desk.tab_to(page, ".decide button")
    page.keyboard.press("Enter")
    page.locator(".messagelist .success").wait_for()
    page.goto(f"{federation.stack.url}/admin/countries/detail/?q=SM")
    assert "2099" in page.locator("#result_list").inner_text()


def test_sign_in_has_no_faults_and_a_recovery_code_opens_it_once(federation, chromium):
    url, codes = federation.stack.url, []
    for width in (360, 1280):
        with chromium.new_context(viewport={"width": width, "height": 740}) as context:
            page = context.new_page()
            desk.give_password(page, url, "ola")
            page.get_by_role("heading", name="second factor").wait_for()
            assert desk.faults(page) == []
            if codes:
                page.get_by_label("Code").fill(codes[0].upper())
                page.get_by_role("button", name="Continue").click()
                page.get_by_role("heading", name="The coordinators' desk").wait_for()
                assert desk.messages(page) == ["You have used a recovery code; 9 are left."]
                page.goto(f"{url}/admin/second-factor/")
                assert desk.faults(page) == []
                continue
            secret = second_factor.read(page.locator("code.secret").inner_text())
            page.get_by_label("Code").fill(second_factor.code(secret))
            page.get_by_role("button", name="Set up").click()
            page.get_by_role("heading", name="Your recovery codes").wait_for()
            assert desk.faults(page) == []
            codes = page.locator(".codes code").all_inner_texts()
            assert len(set(codes)) == 10


def test_countries_are_picked_by_name_without_a_mouse(federation, visit):
    page = visit("kari")
    page.goto(f"{federation.stack.url}/admin/countries/draw/add/")
    desk.tab_to(page, ".field-countries .select2-search__field")
    for name in ("norw", "SWED"):
        page.keyboard.type(name)
        page.keyboard.press("Enter")
    picked = page.locator(".field-countries .select2-selection__choice").evaluate_all(
        "all => all.map(one => one.title)"
    )
    assert picked == ["Norway (NO)", "Sweden (SE)"]
    assert page.locator("#id_countries").evaluate("list => [...list.selectedOptions].map(one => one.value)") == [
        "NO",
        "SE",
    ]
    page.keyboard.press("Backspace")
    assert page.locator(".field-countries .select2-search__field").get_attribute("aria-label") == "Countries"
    page.goto(f"{federation.stack.url}/admin/countries/helpservice/add/")
    assert page.get_by_role("combobox", name="Country").first.is_visible()


class Effort(NamedTuple):
    """What a job takes, by the guide: clicks and screens, now and before."""

    clicks_before: int
    clicks: int
    screens_before: int
    screens: int


def in_the_guide() -> dict[str, Effort]:
    rows = GUIDE.read_text().partition(HEAD)[2].partition("\n\n")[0]
    return {name: Effort(*map(int, numbers)) for name, *numbers in re.findall(ROW, rows)}


def test_each_job_takes_the_clicks_and_screens_that_the_guide_says(walked, visit):
    page, counted = visit("kari"), {}
    # In this order: what one job decides, a later one looks for.
    for name, (steps, agency) in jobs.JOBS.items():
        page.goto(f"{walked.url}/admin/")
        walk = Walk(page)
        steps(walk, walked, agency)
        counted[name] = walk.stop()
    assert counted == {name: (one.clicks, one.screens) for name, one in in_the_guide().items()}


def test_no_job_takes_more_than_before_and_all_take_half():
    table = in_the_guide()
    longer = [name for name, one in table.items() if one.clicks > one.clicks_before or one.screens > one.screens_before]
    assert longer == []
    summed = Effort(*map(sum, zip(*table.values(), strict=True)))
    assert (summed.clicks_before, summed.screens_before) == (95, 65)
    assert summed.clicks * 2 <= summed.clicks_before
    assert summed.screens * 2 <= summed.screens_before
    said = " ".join(GUIDE.read_text().split())
    assert f"take {summed.clicks} clicks and {summed.screens} screens now" in said
