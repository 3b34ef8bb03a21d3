"""The documentation names tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
THREATS = (ROOT / "docs/explanation/threat-model.md").read_text()
PROMISES = (ROOT / "docs/reference/promises.md").read_text()
PAGES = "".join(page.read_text() for page in sorted(ROOT.glob("docs/**/*.md")))
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGES)))


def test_every_row_of_a_claim_names_a_test():
    rows = [line for line in THREATS.splitlines() if line.startswith("| ") and line.count("|") == 4]
    claims = [row for row in rows if not row.rstrip().endswith("| tests |")]
    assert claims
    assert [row for row in claims if "::" not in row] == []
    assert THREATS.count("tests/") == len(re.findall(r"`tests/[\w/]+\.py::\w+`", THREATS))


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name or file for file, name in NAMED])
def test_named_test_exists(file, name):
    found = re.findall(r"^\s*def (\w+)\(", (ROOT / file).read_text(), re.MULTILINE)
    assert name in found if name else found


def test_page_names_each_file_with_tests_for_verify():
    listed = re.findall(r"`(tests/[\w/]+\.py)`", PROMISES.partition("In `make verify`:")[2])
    mark = re.compile(r"\bpytest\.mark\.verify\b")
    marked = (path for path in ROOT.glob("tests/**/test_*.py") if mark.search(path.read_text()))
    assert listed == sorted(str(path.relative_to(ROOT)) for path in marked)
