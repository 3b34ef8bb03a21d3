"""The links of all documents lead somewhere. Their pictures are small and described, and show what the text says."""

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from p2p_agency import check
from p2p_agency.files import Context
from p2p_core.workbooks import writing
from p2p_core.workbooks.values import Clock
from tests import pictures

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")])
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
#: Bytes.
SMALL = 80_000


def text_of(document):
    """A document without its examples."""
    return re.sub(r"^```.*?^```|`[^`\n]*`", "", document.read_text(), flags=re.DOTALL | re.MULTILINE)


def anchors_of(document):
    """The names that GitHub and GitLab give to the headings of a document."""
    lines = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.DOTALL | re.MULTILINE)
    headings = [re.sub(LINK, r"\2", one).replace("`", "") for one in re.findall(r"^#+ (.*)$", lines, re.MULTILINE)]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    missing = []
    for _, _, target in LINK.findall(text_of(document)):
        path, _, anchor = target.partition("#")
        file = document.parent / path if path else document
        if "://" not in target and not (file.exists() and (not anchor or anchor in anchors_of(file))):
            missing.append(target)
    assert missing == []


def test_pictures_are_those_that_are_made_and_are_described_and_small():
    found = [
        (described, (document.parent / target).resolve())
        for document in DOCUMENTS
        for picture, described, target in LINK.findall(text_of(document))
        if picture
    ]
    files = {*((pictures.FOLDER / name).with_suffix(".png") for name in pictures.NAMES), pictures.MAP}
    assert {path for _, path in found} == files == set(ROOT.glob("docs/**/*.png"))
    assert all(len(described) > len("A picture of a page.") for described, _ in found)
    assert {path.name: path.stat().st_size for path in files if path.stat().st_size > SMALL} == {}


def test_faults_in_the_text_are_those_in_the_pictures():
    known = Context({"DOWNLOADS": 0}, "NO-EXAMPLE", Clock(ZoneInfo("Europe/Oslo")))
    book = pictures.fill_in(writing.template({"DOWNLOADS": ""}, clock=known.clock, year=2026), pictures.WRONG)
    verdict, _ = check.check(book, known, datetime.now(UTC))
    guide = (ROOT / "docs/how-to/send-a-spreadsheet.md").read_text()
    assert " ".join(" ".join(check.lines(verdict)).split()) in " ".join(guide.split())
