"""Somebody of an agency in a real browser without scripts: invited at the desk, signed in, sending a file."""

from io import BytesIO

import pytest
import xlsxwriter

from tests import second_factor
from tests.stack.desk import faults
from tests.stack.stack import HELD, PASSWORD, USUAL, ago
from tests.stack.test_pages import AXE, RUN

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.verify, pytest.mark.xdist_group("stack")]
AGENCY = HELD[0]
PAGES = ("", "send/", "submissions/", "findings/", "set-up/")
COLUMNS = "INDICATOR,FREQ,TIME_PERIOD,COUNTRY,NETWORK,OBS_VALUE"


def file_of(value):
    rows = f"{COLUMNS}\nHELP_VISITS,D,{ago(1)},{AGENCY[:2]},BITTORRENT,{value}\n"
    return {"name": "numbers.csv", "mimeType": "text/csv", "buffer": rows.encode()}


def workbook_of(value):
    book = BytesIO()
    with xlsxwriter.Workbook(book, {"in_memory": True}) as written:
        sheet = written.add_worksheet("Reports")
        sheet.write_row(0, 0, COLUMNS.split(","))
        sheet.write_row(1, 0, ["HELP_VISITS", "H", f"{ago(1)} 09:00", AGENCY[:2], "BITTORRENT", value])
    return {"name": "numbers.xlsx", "mimeType": "", "buffer": book.getvalue()}


def press(page, name):
    """Reach a button or link by the keyboard alone."""
    target = page.get_by_role("button", name=name, exact=True).or_(page.get_by_role("link", name=name, exact=True))
    for _ in range(40):
        if target.evaluate("element => element === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")


def invite(desk, url):
    """Invite somebody of the agency at the desk, and return the link."""
    desk.goto(f"{url}/admin/countries/agencyaccount/add/")
    desk.get_by_label("Agency").select_option(label=AGENCY)
    desk.get_by_label("User name").fill("analyst")
    desk.get_by_label("Your password").fill(PASSWORD)
    desk.get_by_role("button", name="Invite somebody of an agency").click()
    desk.locator("code").wait_for()
    assert faults(desk) == []
    return desk.locator("code").inner_text()


def test_analyst_is_invited_signs_in_sends_and_answers(chromium, federation, visit):
    link = invite(visit("kari"), federation.url)
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(link)
    page.get_by_label("New password", exact=True).fill("three words that nobody guesses")
    page.get_by_label("New password confirmation").fill("three words that nobody guesses")
    page.keyboard.press("Enter")
    page.get_by_label("Username").fill("analyst")
    page.get_by_label("Password").fill("three words that nobody guesses")
    page.keyboard.press("Enter")
    page.locator("code.secret").wait_for()
    secret = second_factor.read(page.locator("code.secret").inner_text())
    page.get_by_label("Code").fill(second_factor.code(secret))
    page.keyboard.press("Enter")
    page.locator(".codes li").nth(9).wait_for()
    page.get_by_role("link", name="I have kept them. Go on").click()
    page.get_by_role("heading", name="Board", level=1).wait_for()

    page.get_by_role("link", name="Send a file").click()
    page.get_by_label("File", exact=True).set_input_files(file_of("many"))
    page.get_by_role("button", name="Check the file").click()
    assert "Row 2 OBS_VALUE" in page.locator("main").inner_text()
    page.get_by_label("File", exact=True).set_input_files(workbook_of("many"))
    page.get_by_role("button", name="Check the file").click()
    assert "Reports!F2" in page.locator("main").inner_text()
    with page.expect_download() as coloured:
        page.get_by_role("link", name="Download the file with the wrong cells coloured").click()
    assert coloured.value.suggested_filename == f"{AGENCY}.xlsx"
    page.get_by_label("File", exact=True).set_input_files(file_of(USUAL + 1))
    page.get_by_role("button", name="Check the file").click()
    page.get_by_label("The same file").set_input_files(file_of(USUAL + 1))
    page.get_by_role("button", name="Send it").click()
    page.get_by_role("heading", name="Submission", level=1).wait_for()

    page.get_by_role("link", name="Findings", exact=True).first.click()
    page.locator(".rows a").first.click()
    page.get_by_label("The numbers are right.").check()
    page.get_by_label("Remark").fill("A new campaign.")
    page.get_by_role("button", name="Send the answer").click()
    assert "The numbers are right. A new campaign." in page.locator("main").inner_text()
    finding = page.url
    found = look(chromium, context.cookies(), federation.url, [*PAGES, finding.partition("/agency/")[2]])
    press(page, "Sign out")
    page.get_by_role("heading", name="Sign in", level=1).wait_for()
    context.close()
    assert found == {}


def look(chromium, cookies, url, pages):
    """What axe finds, and what is wider than the window, on each page at three widths, light and dark."""
    found = {}
    context = chromium.new_context()
    context.add_cookies(cookies)
    page = context.new_page()
    for address in pages:
        page.emulate_media(color_scheme="light")
        page.goto(f"{url}/agency/{address}")
        page.evaluate(AXE.read_text())
        for width, scheme in ((1440, "light"), (768, None), (360, "dark")):
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
                found[address, width] = "wider than the window"
            if scheme:
                page.emulate_media(color_scheme=scheme)
                for violation in page.evaluate(RUN)["violations"]:
                    found[address, width, violation["id"]] = [node["html"] for node in violation["nodes"]]
    context.close()
    return found
