"""The box with which a reader takes away a chart or the map: its addresses, its frame, its citation, its files."""

import csv
import html
import io
import re

import pytest

from countries import reference
from tests.contract.site.conftest import day
from tests.factories import AgencyFactory

pytestmark = pytest.mark.usefixtures("published")
AS_OF = r"as_of=\d{4}-\d\d-\d\dT[\d:.]+Z"


@pytest.fixture
def shared(visit):
    """Reads the box of a page: the words to copy, by their id, and the addresses of files, by their words."""

    def read(address):
        page = visit(address).content.decode()
        copied = re.findall(r'<pre tabindex="0" id="share-(\w+)">(.*?)</pre>', page, re.DOTALL)
        files = re.findall(r'href="([^"]+)" download="[^"]+"[^>]*>([^<]+)<', page.partition('id="share-files"')[2])
        return (
            {name: html.unescape(words) for name, words in copied},
            {name: html.unescape(link) for link, name in files},
        )

    return read


def rows(answer):
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))


def source(frame):
    sizes = r'width="600" height="\d+" style="max-width:100%"'
    frame = frame.removeprefix("<code>").removesuffix("</code>")
    found = re.fullmatch(rf'<iframe src="([^"]+)" title="[^"]+" {sizes}></iframe>', frame)
    assert found, frame
    return html.unescape(found[1]).removeprefix("http://testserver")


def test_country_is_shared_framed_and_cited(shared, visit):
    assert shared("/countries/no/")[0]["address"] == "http://testserver/countries/no/"
    words, files = shared("/countries/no/?with=SE&show=count&utm_source=mail")
    assert words["address"] == "http://testserver/countries/no/?with=SE&show=count"
    assert visit(source(words["frame"])).content.count(b'class="line ') == 2
    shown = rf"http://testserver/countries/no/\?frequency=D&with=SE&show=count&start={day(10)}&end={day(1)}&{AS_OF}"
    assert re.search(rf"Downloads of police files: Norway, Sweden, .* CC BY 4\.0\. {shown}$", words["citation"])
    assert re.search(rf"\n  url = {{{shown}}},\n", words["bibtex"])
    assert files["Workbook"] == files["CSV"].replace("format=csv", "format=xlsx&language=en")


def test_citation_names_the_version_of_the_numbers_as_the_api_does(shared, client, published):
    # A newer version of other periods, and one more of nothing that the page shows.
    published.publish("M", {"2026-08": {"NO": 40, "EUROPE": 40}})
    words, files = shared("/countries/no/")
    fixed = re.search(r"http\S+$", words["citation"])[0].removeprefix("http://testserver")
    for cited, links in ((words, files), shared(fixed)):
        assert f"(version {client.get(links['CSV'])['Version']})" in cited["citation"]


@pytest.mark.parametrize("language", ["", "/fr", "/pl"])
def test_citation_writes_its_range_without_articles_and_cases(shared, language):
    cited = shared(f"{language}/countries/no/")[0]["citation"]
    assert "\u2009–\u2009" in cited
    assert not re.search(r"\b([Dd]u|au|le|od|do) \d", cited)


def test_past_view_is_shared_as_it_is(shared):
    words, _ = shared("/countries/no/")
    fixed = re.search(r"http\S+$", words["citation"])[0].removeprefix("http://testserver")
    again, files = shared(fixed)
    assert again["address"] == f"http://testserver{fixed}"
    assert re.search(AS_OF, files["CSV"])
    assert again["citation"] == words["citation"]


@pytest.mark.parametrize(("query", "days"), [("", 7), (f"?window=day&day={day(7)}", 1)])
def test_files_of_the_map_have_the_cells_of_its_numbers(shared, client, text, query, days):
    _, files = shared(f"/{query}")
    assert re.search(AS_OF, files["CSV"])
    cells = rows(client.get(files["CSV"]))
    for code, name in (("NO", "Norway"), ("EUROPE", "Europe")):
        values = [int(row["OBS_VALUE"]) for row in cells if row["COUNTRY"] == code]
        assert len(values) == days
        assert f"{name} {sum(values):,} " in text(f"/{query}")
    assert files["Workbook"] == files["CSV"].replace("format=csv", "format=xlsx&language=en")


@pytest.mark.parametrize("query", ["?per=count", "?window=P30D", f"?window=day&day={day(7)}"])
def test_citation_of_the_map_is_a_page_that_shows_the_cited_numbers_for_good(shared, visit, client, text, query):
    words, _ = shared(f"/{query}")
    cited = re.search(r"http\S+$", words["citation"])[0].removeprefix("http://testserver")
    assert cited in words["bibtex"]
    assert cited.startswith("/countries/europe/?frequency=D&start=")
    assert re.search(AS_OF, cited)
    assert visit(cited)["Content-Type"].startswith("text/html")
    _, files = shared(cited)
    values = [int(row["OBS_VALUE"]) for row in rows(client.get(files["CSV"])) if row["OBS_VALUE"]]
    assert f"Europe {sum(values):,} " in text(f"/{query}")


def test_year_of_the_map_has_one_file_with_its_sums(shared, client, text):
    """Its sums are of months and days, whose cells no other file has together."""
    words, files = shared("/?window=P365D")
    assert files.keys() == {"JSON"}
    assert words["citation"].endswith(files["JSON"])
    values = {one["country"]: one["value"] for one in client.get(files["JSON"]).json()["observations"]}
    assert f"Europe {values['EUROPE']:,} " in text("/?window=P365D")
    assert "The files have" not in text("/?window=P365D")


def test_map_is_shared_framed_and_cited(shared, visit):
    words, files = shared("/?window=P30D&per=count&sort=rate")
    assert words["address"] == "http://testserver/?window=P30D&per=count"
    assert source(words["frame"]) == "/embed/map/?window=P30D&per=count"
    assert visit(source(words["frame"])).status_code == 200
    assert "Downloads of police files: Europe, " in words["citation"]
    assert "JSON" in files
    assert shared("/nb/")[0]["address"] == "http://testserver/nb/"


@pytest.mark.parametrize("address", ["/", "/countries/no/"])
def test_citation_of_invented_numbers_says_so(shared, address):
    assert "Invented numbers" not in shared(address)[0]["citation"]
    AgencyFactory.create(code="FI-DEMO", invented=True)
    reference.snapshots.clear()
    assert "Invented numbers." in shared(f"{address}?show=count")[0]["citation"]


def test_signs_in_an_address_cannot_end_the_frame(shared):
    words, _ = shared('/?window=day&day="><script>')
    assert source(words["frame"]) == "/embed/map/"


@pytest.mark.parametrize("address", ["/?window=day&day=2020-01-01", "/countries/no/?start=2020-01-01&end=2020-01-02"])
def test_page_without_numbers_offers_nothing_to_share(address, visit):
    assert b'id="share-files"' not in visit(address).content
