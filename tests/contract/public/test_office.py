"""LibreOffice opens a workbook of published numbers, and shows the cells of CSV."""

import csv
import io
import shutil
import subprocess

import pytest

from countries.models import Indicator
from tests.contract.public.press import NOBODY, WAITING
from tests.factories import CountryFactory, NetworkFactory, PopulationFactory

pytestmark = [
    pytest.mark.verify,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed: libreoffice-calc-nogui"),
]
#: All sheets (-1), each as CSV with commas, in UTF-8 (76), as the cells are shown.
_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true,false,false,-1"


def open_sheets(content, folder):
    """The rows of each sheet, by its name."""
    (folder / "book.xlsx").write_bytes(content)
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", _CSV, "--outdir", folder, folder / "book.xlsx"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    files = folder.glob("book-*.csv")
    return {file.stem.removeprefix("book-"): list(csv.reader(file.read_text().splitlines())) for file in files}


def test_libreoffice_shows_the_cells_of_csv(press, read, tmp_path):
    PopulationFactory.create(country=CountryFactory.create(code="NO"), year=2025, inhabitants=5_600_000)
    NetworkFactory.create(number=5, code="EDONKEY", name="=1+1")
    Indicator.objects.update(name="=1+1", description="=1+1")
    press.publish("D", {"2026-11-01": {"NO": 120, "NA": 1_000_000, "NO/EDONKEY": 40}, "2026-11-02": {"NO": 5}})
    press.publish("D", {"2026-11-03": {}}, NOBODY)
    press.publish("D", {"2026-11-04": {}}, WAITING)
    given = {"country": "NO,NA", "network": "_T,EDONKEY"}
    sheets = open_sheets(read(**given, format="xlsx").content, tmp_path)
    expected = list(csv.DictReader(io.StringIO(read(**given, format="csv").content.decode())))
    header, *rows = sheets["Numbers"]
    assert header[:3] == ["Period", "Country", "Country code"]
    columns = ("TIME_PERIOD", "COUNTRY", "NETWORK", "OBS_VALUE", "OBS_STATUS", "PER_100K")
    assert [[row[at] for at in (0, 2, 4, 5, 6, 7)] for row in rows] == [
        [row[name].removesuffix(".0") for name in columns] for row in expected
    ]
    assert {row[3] for row in rows} == {"All networks", "=1+1"}
    assert [row[:3] for row in sheets["Coverage"][1:]] == [
        [row["TIME_PERIOD"], row["OBS_STATUS"], row["AGENCIES_EXPECTED"]]
        for row in expected
        if (row["COUNTRY"], row["NETWORK"]) == ("NO", "_T")
    ]
    assert ["What is counted", "=1+1"] in sheets["About"]


def test_libreoffice_shows_hours_as_they_are_named(press, read, tmp_path):
    press.publish("H", {"2026-11-01T10:00": {"NO": 5}})
    answer = read(frequency="H", start="2026-11-01T10:00", end="2026-11-01T10:00", country="NO", format="xlsx")
    assert open_sheets(answer.content, tmp_path)["Numbers"][1][0] == "2026-11-01T10:00"
