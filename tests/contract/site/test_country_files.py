"""The files of the page of a country: they contain what the page shows, and invented numbers are marked."""

import csv
import html
import io
import re
from datetime import timedelta
from xml.etree import ElementTree

import pytest

from api import caching
from countries import reference
from tests.contract.public.press import NOBODY, Covered
from tests.contract.site.conftest import TODAY, day
from tests.factories import AgencyFactory, AnnotationFactory, IndicatorFactory

SVG = "{http://www.w3.org/2000/svg}"
ADDRESS = "/countries/no/?with=SE&show=count"


@pytest.fixture(autouse=True)
def looked_up_again(monkeypatch):
    monkeypatch.setattr(caching, "FRESH_SECONDS", 0)
    reference.snapshots.clear()


@pytest.fixture
def days(press, two_agencies):
    for ago in range(4, 0, -1):
        cells = {"NO": 10 * ago, "SE": 5, "NO/BITTORRENT": 10 * ago} if ago != 2 else {}
        press.publish("D", {day(ago): cells}, NOBODY if ago == 2 else Covered())
    return press


@pytest.fixture
def files(visit, client):
    """Follows the links of a page to what can be taken away, by the name of each."""

    def read(address=ADDRESS):
        page = visit(address).content.decode()
        part = page.partition('id="share-files"')[2].partition("</ul>")[0]
        links = re.findall(r'href="([^"]+)" download="([^"]+)"[^>]*>([^<]+)<', part)
        return {words: (name, client.get(html.unescape(link))) for link, name, words in links}

    return read


def body(answer):
    return answer.getvalue().decode()


def words(svg):
    return " ".join("".join(part.itertext()) for part in svg.iter(f"{SVG}text"))


def test_csv_and_json_hold_the_numbers_that_are_shown(days, files):
    found = files()
    name, answer = found["CSV"]
    assert name == f"police2peer-no-se-{day(4)}-{day(1)}.csv"
    rows = list(csv.DictReader(io.StringIO(body(answer))))
    assert [(row["TIME_PERIOD"], row["COUNTRY"], row["OBS_VALUE"]) for row in rows] == [
        (day(ago), country, "" if ago == 2 else str(value))
        for ago in (4, 3, 2, 1)
        for country, value in (("NO", 10 * ago), ("SE", 5))
    ]
    answer = found["JSON"][1].json()
    assert {(row["country"], row["value"]) for row in answer["observations"]} >= {("NO", 40), ("SE", 5)}
    assert (answer["meta"]["start"], answer["meta"]["end"]) == (day(4), day(1))
    networks = list(csv.DictReader(io.StringIO(body(found["By network, CSV"][1]))))
    assert {row["NETWORK"] for row in networks} == {"BITTORRENT"}


def test_files_of_a_page_stay_as_it_was(days, visit, client):
    page = visit(ADDRESS).content.decode()
    links = [html.unescape(link) for link in re.findall(r'href="([^"]+)" download=', page)]
    before = [client.get(link).getvalue() for link in links]
    days.publish("D", {day(1): {"NO": 995, "SE": 995, "NO/BITTORRENT": 995}})
    assert [client.get(link).getvalue() for link in links] == before
    assert visit(ADDRESS).content.decode() != page


@pytest.mark.parametrize("address", ["/countries/no/", ADDRESS, "/nb/countries/no/?show=index&with=SE"])
def test_picture_stands_for_itself(days, files, address):
    name, answer = files(address)["SVG"]
    assert name.endswith(".svg")
    assert answer["Content-Type"] == "image/svg+xml"
    assert "style-src 'self'" in answer["Content-Security-Policy"]
    text = body(answer)
    picture = ElementTree.fromstring(text)
    assert not re.search(
        r"<style|<script|\sstyle=|\son\w+=|\bclass=\"[^\"]*\"\s+style|xlink|<image|<foreignObject", text
    )
    assert re.findall(r'href="([^"#][^"]*)"', text) == []
    assert int(picture.get("width")) == 1200
    said = words(picture)
    assert "Police2Peer" in said
    assert "as_of=" in said.replace(" ", "")
    assert "http://testserver" in said
    assert "Invented" not in said


def test_picture_says_what_it_shows(days, visit):
    said = words(ElementTree.fromstring(visit("/countries/no/chart.svg").content))
    assert "Norway · Downloads of police files" in said
    assert re.search(r"Count · .*–.* · as public on \d+ \w+ \d{4}, \d\d:\d\d\sUTC", said)
    assert "A download is not a person and not an offence." in said
    assert "Police2Peer · CC BY 4.0" in said
    assert "not known: nobody reported, not public yet, or withheld" in said
    assert "incomplete: an agency is missing" not in said
    said = words(ElementTree.fromstring(visit("/countries/no/chart.svg?with=SE&show=head").content))
    assert "Norway, Sweden · Downloads of police files" in said
    assert "Per 100,000 inhabitants" in said


def test_picture_and_page_explain_the_marks_that_they_show_and_no_others(days, visit):
    marks = ["incomplete: an agency is missing", "line across incomplete periods", "this many or more"]

    def explained(query):
        said = words(ElementTree.fromstring(visit(f"/countries/no/chart.svg{query}").content))
        found = [mark for mark in marks if mark in said]
        # The page explains the same marks as the picture.
        key = visit(f"/countries/no/{query}").content.decode().split('<ul class="legend" ')[1].split("</ul>")[0]
        assert [mark for mark in marks if mark in key] == found
        return found

    assert explained("?with=SE&show=count") == []
    days.publish("D", {day(3): {"NO": 30, "SE": 5}}, Covered(reporting=1, covered=86_400, status="P"))
    assert explained("?with=SE&show=count") == [marks[0], marks[2]]
    days.publish("D", {day(2): {"NO": 20, "SE": 5}})
    assert explained("?with=SE&show=count") == marks
    assert explained("") == marks[:1]


def test_picture_lists_what_is_to_be_known(days, visit):
    AnnotationFactory.create(start=TODAY - timedelta(days=400), text="Long ago.")
    AnnotationFactory.create(start=TODAY - timedelta(days=3), is_break=True, text='A "new" <counter> & more')
    text = visit("/countries/no/chart.svg").content.decode()
    said = words(ElementTree.fromstring(text))
    assert 'A "new" <counter> & more. A break: numbers before and after it are not comparable.' in said
    assert "Long ago" not in said
    assert text.count('class="break"') == 1


def test_note_of_visits_is_one_of_visits(days, visit):
    other = IndicatorFactory.create(number=2, code="HELP_VISITS", name="Visits", notes=["A visit is not a person."])
    type(days)(other.number).publish("D", {day(1): {"NO": 5}})
    said = words(ElementTree.fromstring(visit("/countries/no/chart.svg?indicator=HELP_VISITS").content))
    assert "A visit is not a person." in said
    assert "A download is not" not in said


def test_every_file_of_invented_numbers_says_so(days, files):
    AgencyFactory.create(code="FI-DEMO", invented=True)
    found = files()
    assert "INVENTED NUMBERS." in words(ElementTree.fromstring(body(found["SVG"][1])))
    assert "so is every number" in found["JSON"][1].json()["meta"]["notes"][-1]
    for name in ("CSV", "By network, CSV"):
        rows = list(csv.DictReader(io.StringIO(body(found[name][1]))))
        assert {row["INVENTED"] for row in rows} == {"true"}


@pytest.mark.parametrize("language", ["", "/de", "/fi"])
def test_lengths_in_pictures_are_written_alike_in_all_languages(days, visit, language):
    text = visit(f"{language}/countries/no/chart.svg?with=SE").content.decode()
    for length in re.findall(r' (?:x|y|x1|x2|y1|y2|width|height)="([^"]*)"', text):
        assert re.fullmatch(r"-?\d+(\.\d+)?", length), length


def test_picture_is_cached_by_its_tag(days, visit):
    answer = visit("/countries/no/chart.svg")
    assert visit("/countries/no/chart.svg", **{"if-none-match": answer["ETag"]}).status_code == 304
    days.publish("D", {day(1): {"NO": 995}})
    assert visit("/countries/no/chart.svg", **{"if-none-match": answer["ETag"]}).status_code == 200


def test_nothing_to_draw_is_no_picture(press, visit):
    assert visit("/countries/no/chart.svg").status_code == 404
