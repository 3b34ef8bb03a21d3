"""The statements of docs/reference/api.md are true."""

import re
from pathlib import Path

import pytest
import yaml

from api import caching, openapi
from api.formats import csv_table
from api.v1 import aggregates
from federation import published
from p2p_core import periods

DOCS = Path(__file__).parents[3] / "docs" / "reference"
TEXT = (DOCS / "api.md").read_text()


def test_committed_openapi_document_is_the_one_of_the_code():
    assert yaml.safe_load((DOCS / "openapi.yaml").read_text()) == yaml.safe_load(openapi.document("yaml"))


@pytest.mark.parametrize("lasts", [caching.CURRENT, caching.LIVE, caching.PAST, caching.REFERENCE])
def test_how_long_answers_last_is_documented(lasts):
    assert f"| `{lasts}` |" in TEXT


def test_columns_of_csv_are_documented():
    assert f"`{','.join(csv_table.COLUMNS)}`" in TEXT


def test_size_of_a_page_is_documented():
    assert f"{aggregates.CELLS_PER_PAGE:,} cells" in TEXT


def test_windows_and_frequencies_are_documented():
    for name in (*published.WINDOWS, *tuple(periods.Frequency)):
        assert f"`{name}`" in TEXT


def test_parameters_of_aggregates_are_documented():
    operation = yaml.safe_load(openapi.document("yaml"))["paths"]["/api/v1/aggregates/"]["get"]
    taken = {p["name"] for p in operation["parameters"] if p["in"] == "query"}
    table = TEXT.split("| parameter |")[1].split("\n\n")[0]
    first_cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    assert {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)} == taken
