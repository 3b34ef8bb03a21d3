"""Makes the pictures of the documentation, with invented numbers. Run it after a change of the pages: `make pictures`.

For docs/how-to/send-a-spreadsheet.md, an invented agency sends a file at a service of its own. LibreOffice prints the
workbooks with the letters and numbers of their cells, and Chromium shows the pages. For README.md, Chromium shows the
map of the demo. The picture of the pages' cards has no numbers.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape
from zipfile import ZipFile

from PIL import Image, ImageChops, ImageOps

from config.embedded.process import free_port
from tests import card, chromium
from tests.integration import processes
from tests.stack.stack import PASSWORD, Stack

FOLDER: Final = processes.ROOT / "docs/how-to/pictures"
NAMES: Final = ("template", "refused", "marked", "dry-run", "submission")
MAP: Final = processes.ROOT / "docs/pictures/map.png"
_NEEDED: Final = (
    "The pictures need soffice, pdftoppm and Chromium. On Debian: "
    "apt-get install libreoffice-calc-nogui poppler-utils chromium-headless-shell"
)
#: An agency in Norway, and somebody who may use its pages.
_BEGIN: Final = """
import sys
from django.core.management import call_command
from countries.models import Agency, AgencyAccount
from countries import registry
from federation.database import clock

call_command("create_agency", "NO-EXAMPLE", country="NO", name="Example unit (invented)", invented=True,
             indicator="DOWNLOADS", frequency="H", first="2026-10-01", deadline_minutes=60)
agency = Agency.objects.get(code="NO-EXAMPLE")
agency.setups.create(valid_from="2026-10-01", computers=1, networks=["BITTORRENT", "EDONKEY"], counting="shares",
                     time_zone="Europe/Oslo", location_source="An invented table", location_date="2026-10-01")
by = {"by": "pictures", "reason": "invented for the pictures"}
registry.create_account(username="analyst", password=sys.stdin.read(), is_superuser=False, **by)
registry.save(AgencyAccount(user=registry.account("analyst"), agency=agency, created=clock.now()), **by)
"""
_HOURS: Final = ("2026-11-24 09:00", "2026-11-24 10:00", "2026-11-24 11:00")
_NORWAY: Final = ("NO: Norway", "BITTORRENT: BitTorrent")
_SWEDEN: Final = ("SE: Sweden", "EDONKEY: eDonkey")
_UNKNOWN: Final = ("_U: Unknown", "BITTORRENT: BitTorrent")
#: When, where, over which network, and how many.
_Row = tuple[str, str, str, str | int]
_RIGHT: Final[list[_Row]] = [
    (_HOURS[0], *_NORWAY, 17), (_HOURS[0], *_SWEDEN, 4), (_HOURS[1], *_NORWAY, 12), (_HOURS[1], *_SWEDEN, 3),
    (_HOURS[2], *_NORWAY, 15), (_HOURS[2], *_UNKNOWN, 2),
]  # fmt: skip
#: A count that is no number, an hour that came twice, and a total.
WRONG: Final[list[_Row]] = [
    _RIGHT[0], (_HOURS[0], *_SWEDEN, "4 or 5"), _RIGHT[2], ("2026-10-25 02:00", *_NORWAY, 15), _RIGHT[3], _RIGHT[5],
    ("", "", "", 53),
]  # fmt: skip
_PRINT: Final = (
    '<printOptions headings="1" gridLines="1"/>'
    '<pageMargins left="0.1" right="0.1" top="0.1" bottom="0.1" header="0" footer="0"/>'
    # Small enough that the comment beside the last column is on the page too.
    '<pageSetup paperSize="8" scale="80" orientation="landscape"/>'
)


def main() -> None:
    browser = chromium.program()
    if not (browser and shutil.which("soffice") and shutil.which("pdftoppm")):
        raise SystemExit(_NEEDED)
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        serve = processes.start(
            sys.executable, "-m", "config.serve", data=Path(folder), PORT=str(port), SECOND_FACTOR="false"
        )
        try:
            processes.await_ready(serve)
            stack = Stack(serve, Path(folder), port)
            stack.manage("shell", "--no-imports", "-c", _BEGIN, told=PASSWORD)
            _draw(stack, browser, Path(folder))
        finally:
            processes.end(serve)
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        demo = processes.start(sys.executable, "-m", "config.serve", "--demo", data=Path(folder), PORT=str(port))
        try:
            while not processes.line_of(demo).startswith("Live minutes continue"):
                if demo.poll() is not None:
                    raise SystemExit("The demo ended. Start it with make demo to see why.")
            draw_map(f"http://localhost:{port}", browser)
        finally:
            processes.end(demo)
    for path in (*((FOLDER / name).with_suffix(".png") for name in NAMES), MAP, card.FILE):
        print(f"{path.stat().st_size:>7,} bytes: {path.name}")  # noqa: T201


def draw_map(url: str, program: str) -> None:
    """Keep the first screen of the demo, which says that its numbers are invented."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--headless", "--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 960})
        page.goto(f"{url}/")
        page.locator(".invented").get_by_text("Invented numbers.").wait_for()
        page.locator(".map-legend").wait_for()
        page.locator(".live-replay.begun").wait_for()
        MAP.parent.mkdir(exist_ok=True)
        shown = Image.open(BytesIO(page.screenshot())).convert("RGB")
        shown.quantize(48, dither=Image.Dither.NONE).save(MAP, optimize=True)
        browser.close()


def _draw(stack: Stack, program: str, folder: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--headless", "--no-sandbox"])
        page = browser.new_page(viewport={"width": 800, "height": 900})
        page.goto(f"{stack.url}/agency/send/")
        page.get_by_label("Username").fill("analyst")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Send a file").click()
        with page.expect_download() as template:
            page.get_by_role("link", name="Download an empty template").click()
        empty = template.value.path().read_bytes()
        _photograph(fill_in(empty, WRONG), "template", folder)

        _check(page, fill_in(empty, WRONG))
        _keep(page.locator("main").screenshot(), "refused")
        page.get_by_label("File", exact=True).set_input_files(_upload(fill_in(empty, WRONG)))
        with page.expect_download() as marked:
            page.get_by_role("button", name="Download the file with the wrong cells coloured").click()
        _photograph(_changed(marked.value.path().read_bytes(), comments=_shown), "marked", folder)

        right = fill_in(empty, _RIGHT)
        _check(page, right)
        _keep(page.locator("main").screenshot(), "dry-run")
        page.get_by_label("The same file").set_input_files(_upload(right))
        page.get_by_role("button", name="Send it").click()
        page.get_by_role("heading", name="Submission", level=1).wait_for()
        # With others, the picture would change each time that it is made.
        for place, fact in enumerate(("7d0c1a52-6f0e-4c1b-9a3e-5b8f2d4e6a10", "25 November 2026, 07:30 UTC")):
            page.locator(".facts dd").nth(place).evaluate("(element, fact) => element.textContent = fact", fact)
        _keep(page.locator("main").screenshot(), "submission")
        card.draw(browser)
        browser.close()


def _check(page: Any, book: bytes) -> None:
    page.get_by_label("File", exact=True).set_input_files(_upload(book))
    page.get_by_role("button", name="Check the file").click()


def _upload(book: bytes) -> Any:
    return {"name": "counts.xlsx", "mimeType": "", "buffer": book}


def fill_in(template: bytes, rows: list[_Row]) -> bytes:
    """Type rows below the header of the template."""
    typed = ""
    for number, (period, country, network, value) in enumerate(rows, 2):
        common = ("DOWNLOADS: Downloads of police files", "H: hour") if period else ("", "")
        cells = zip("ABCDEF", (*common, period, country, network, value), strict=True)
        typed += f'<row r="{number}">' + "".join(_cell(f"{column}{number}", one) for column, one in cells) + "</row>"
    return _changed(template, sheet=lambda sheet: sheet.replace("</sheetData>", f"{typed}</sheetData>"))


def _cell(place: str, value: str | int) -> str:
    if isinstance(value, int):
        return f'<c r="{place}"><v>{value}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>' if value else ""


def _shown(comments: str) -> str:
    return comments.replace("visibility:hidden", "visibility:visible").replace("<x:Row>", "<x:Visible/><x:Row>")


def _changed(book: bytes, *, sheet: Callable[[str], str] = str, comments: Callable[[str], str] = str) -> bytes:
    """The workbook with another first sheet, which is printed with the names of its rows and columns."""
    changed = BytesIO()
    with ZipFile(BytesIO(book)) as old, ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = re.sub("<pageMargins[^>]*/>", _PRINT, sheet(content.decode())).encode()
            elif name.startswith("xl/drawings/vml"):
                content = comments(content.decode()).encode()
            new.writestr(name, content)
    return changed.getvalue()


def _photograph(book: bytes, name: str, folder: Path) -> None:
    """Keep what LibreOffice prints of a workbook."""
    (folder / f"{name}.xlsx").write_bytes(book)
    profile = f"-env:UserInstallation=file://{folder}/profile"
    for command in (
        ["soffice", profile, "--headless", "--convert-to", "pdf", f"{name}.xlsx"],
        ["pdftoppm", "-png", "-r", "100", "-f", "1", "-singlefile", f"{name}.pdf", name],
    ):
        subprocess.run(command, cwd=folder, capture_output=True, check=True)
    _keep((folder / f"{name}.png").read_bytes(), name)


def _keep(png: bytes, name: str) -> None:
    """Store the picture with even margins, and with few colours, so that it is small."""
    picture = Image.open(BytesIO(png)).convert("RGB")
    drawn = ImageChops.difference(picture, Image.new("RGB", picture.size, picture.getpixel((0, 0)))).getbbox()
    FOLDER.mkdir(exist_ok=True)
    framed = ImageOps.expand(picture.crop(drawn), 12, "white")
    framed.quantize(32).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
