"""Somebody of an agency in a real browser, without scripts and without a mouse, from the invitation to the sign-out."""

from io import BytesIO
from time import time

import pytest
import xlsxwriter

from tests import second_factor
from tests.stack.desk import faults
from tests.stack.stack import HELD, PASSWORD, USUAL, ago
from tests.stack.test_pages import AXE, RUN

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.verify, pytest.mark.xdist_group("stack")]
AGENCY = HELD[0]
PAGES = ("", "send/", "submissions/", "findings/", "set-up/", "second-factor/again/")
WIDTHS = (1440, 768, 360)
WORDS = "three words that nobody guesses"
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


def reach(page, target, *, within=60):
    """Press Tab until an element has the focus, and see that the focus is shown."""
    for _ in range(within):
        if target.evaluate("element => element === document.activeElement"):
            assert target.evaluate("element => getComputedStyle(element).outlineStyle") != "none"
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{within} times Tab did not lead to {target}")


def press(page, name):
    """Press a button, or follow a link."""
    target = page.get_by_role("button", name=name, exact=True).or_(page.get_by_role("link", name=name, exact=True))
    # The first of several links is that of the navigation.
    reach(page, target.first)
    page.keyboard.press("Enter")


def write(page, label, text):
    reach(page, page.get_by_label(label, exact=True))
    page.keyboard.type(text)


def choose(page, label, file):
    # A page that is still loading would lose the focus.
    page.wait_for_load_state()
    reach(page, page.get_by_label(label, exact=True))
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(file)


def heading(page, name):
    page.get_by_role("heading", name=name, level=1, exact=True).wait_for()


def fits(page):
    """See that a page is nowhere wider than a telephone, a tablet and a screen."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (page.url, width)


def preview_fits(chromium, cookies, url):
    """See that no cell of the dry run is cut off on a telephone, and that no number breaks, where words are long."""
    context = chromium.new_context(viewport={"width": 360, "height": 740})
    context.add_cookies(cookies)
    page = context.new_page()
    for language in ("", "de/", "fi/", "pl/"):
        page.goto(f"{url}/{language}agency/send/")
        page.locator("#file").set_input_files(file_of(1_000_000_000))
        page.locator("main form button").first.click()
        page.locator("#confirm").wait_for()
        wide, lines = page.evaluate(
            """() => [
                [...document.querySelectorAll("table :is(th, td)")].filter(cell =>
                    cell.scrollWidth > cell.clientWidth || cell.getBoundingClientRect().right > innerWidth
                ).map(cell => cell.innerText),
                [...document.querySelectorAll("tbody .figure")].map(cell => {
                    const text = document.createRange();
                    text.selectNodeContents(cell);
                    return text.getClientRects().length;
                }),
            ]"""
        )
        assert (wide, set(lines)) == ([], {1}), language
    context.close()


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


def test_analyst_does_everything_by_the_keyboard_without_scripts(chromium, federation, visit):
    link = invite(visit("kari"), federation.url)
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = context.new_page()
    # So that the browser hands over each chooser from the start: it is told so only when somebody listens.
    page.on("filechooser", lambda _: None)
    page.goto(link)
    secret = accept(page)
    send(page)
    finding = answer(page)
    press(page, "Set-up")
    heading(page, "Set-up")
    assert "Last token:" in page.locator("main").inner_text()
    fits(page)
    preview_fits(chromium, context.cookies(), federation.url)
    found = look(chromium, context.cookies(), federation.url, [*PAGES, finding.partition("/agency/")[2]])
    press(page, "Sign out")
    sign_in(page, second_factor.code(secret, at=time() + second_factor.STEP))
    press(page, "Sign out")
    heading(page, "Sign in")
    context.close()
    assert found == {}


def accept(page):
    """Accept the invitation, set up the second factor, and return its secret."""
    heading(page, "Choose a password")
    fits(page)
    write(page, "New password", WORDS)
    write(page, "New password confirmation", WORDS)
    page.keyboard.press("Enter")
    sign_in(page)
    heading(page, "Set up your second factor")
    fits(page)
    header, button = (page.locator(one).bounding_box() for one in ("header.top", ".sign-out button"))
    assert button["y"] + button["height"] + 4 < header["y"] + header["height"]
    secret = second_factor.read(page.locator("code.secret").inner_text())
    write(page, "Code", second_factor.code(secret))
    page.keyboard.press("Enter")
    page.locator(".codes li").nth(9).wait_for()
    fits(page)
    press(page, "I have saved them. Continue")
    heading(page, "Board")
    fits(page)
    return secret


def sign_in(page, code=""):
    heading(page, "Sign in")
    fits(page)
    write(page, "Username", "analyst")
    write(page, "Password", WORDS)
    page.keyboard.press("Enter")
    if code:
        heading(page, "Your second factor")
        fits(page)
        write(page, "Code", code)
        press(page, "Sign in")
        heading(page, "Board")


def send(page):
    """Send files: with a wrong row, with a wrong cell that comes back coloured, with one to hold, and a right one."""
    press(page, "Send a file")
    for file, place in ((file_of("many"), "Row 2, column OBS_VALUE"), (workbook_of("many"), "Reports!F2")):
        choose(page, "File", file)
        press(page, "Check the file")
        page.get_by_text(place).wait_for()
        fits(page)
        # On a telephone too, the place is in one line.
        assert page.get_by_text(place).evaluate("element => element.getClientRects().length") == 1
    choose(page, "File", workbook_of("many"))
    with page.expect_download() as coloured:
        press(page, "Download the file with the wrong cells coloured")
    assert coloured.value.suggested_filename == f"{AGENCY}-coloured.xlsx"
    press(page, "Send a file")
    choose(page, "File", file_of(5000))
    press(page, "Check the file")
    page.get_by_role("heading", name="What would become of the file").wait_for()
    fits(page)
    press(page, "Choose another file")
    choose(page, "File", file_of(USUAL + 1))
    press(page, "Check the file")
    choose(page, "The same file", file_of(USUAL + 1))
    press(page, "Send it")
    heading(page, "Submission")
    fits(page)
    # On a telephone, the count and the state are below the period and the indicator.
    tops = [cell.bounding_box()["y"] for cell in page.locator("tbody tr").first.locator("th, td").all()]
    assert tops[0] < tops[1] < tops[2] == tops[3]
    press(page, "Submissions")
    heading(page, "Submissions")
    fits(page)


def answer(page):
    """Answer the newest finding, and return its address."""
    press(page, "Findings")
    heading(page, "Findings")
    fits(page)
    reach(page, page.locator(".rows a").first)
    page.keyboard.press("Enter")
    reach(page, page.get_by_label("The numbers are right."))
    page.keyboard.press("Space")
    write(page, "Remark", "A new campaign.")
    press(page, "Send the answer")
    page.get_by_text("Your answer is saved.").wait_for()
    assert "The numbers are right. A new campaign." in page.locator("main").inner_text()
    fits(page)
    return page.url


def look(chromium, cookies, url, pages):
    """What axe finds, and what is wider than the window, on each page at three widths, light and dark."""
    found = {}
    context = chromium.new_context()
    context.add_cookies(cookies)
    page = context.new_page()
    files = {"send/#refused": workbook_of("many"), "send/#held": file_of(5000)}
    for address in (*pages, *files):
        page.emulate_media(color_scheme="light")
        page.goto(f"{url}/agency/{address}")
        if address in files:
            page.get_by_label("File", exact=True).set_input_files(files[address])
            page.get_by_role("button", name="Check the file").click()
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
