"""The pages of interventions, from registered rows to the words that a reader sees."""

import html
import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import msgspec
import pytest
from django.utils import translation

from api import caching
from countries import reference
from federation.rules.effect_result import Interval, Reason, Word
from tests.contract.public.interventions import draw as a_draw
from tests.contract.site.conftest import TODAY
from tests.contract.site.effects import COMPARED, START, in_time, nothing, publish, register
from tests.contract.site.effects import found as whole
from tests.contract.site.test_languages import NAMES
from tests.contract.site.test_languages import words as words_of
from tests.factories import AgencyFactory, AnnotationFactory

#: The Mondays after and before today.
NEXT = (TODAY + timedelta(days=7 - TODAY.weekday())).date()
LAST = (TODAY - timedelta(days=70 + TODAY.weekday())).date()
LATE = "Registered late"


@pytest.fixture(scope="module")
def fallen():
    return whole(-0.3)


@pytest.fixture
def found(press, fallen):
    """An intervention that was registered in time, and after which the numbers fell."""
    row = register(in_time())
    publish(row, Word.FOUND, fallen)
    return row


def page(row, prefix=""):
    return f"{prefix}/effects/{row.pk}/"


def test_empty_list_says_so_and_why_it_matters(press, text):
    words = text("/effects/")
    assert "No intervention is registered" in words
    assert "So nobody can choose afterwards what is measured." in words


def test_list_has_what_a_reader_needs_of_each(found, text):
    words = text("/effects/")
    assert re.search(
        r"Found Warnings beside searches Between 2\d% fewer and 3\d% fewer than expected from comparable countries\. "
        r"Where Norway What is counted Downloads of police files Start 5 January 2026",
        words,
    )
    assert words.count(LATE) == 1  # Only where the words are explained.


def test_page_begins_with_the_answer_and_shows_when_it_was_sealed(found, text):
    words = text(page(found))
    assert re.search(
        r"Found Downloads of police files · Norway · 5 January 2026.+5 July 2026 "
        r"Between 2\d% fewer and 3\d% fewer than expected from comparable countries\.",
        words,
    )
    assert "Registered by Kripos, prevention Registered on 16 December 2025, 00:00 UTC" in words
    assert "number 1 in the chain of the audit trail. It was sealed on 4 January 2026, 23:00 UTC." in words
    assert LATE not in words


def test_page_says_how_it_was_measured(found, fallen, text):
    AgencyFactory.create(code="NO-A", name="Police of Norway")
    reference.snapshots.clear()
    words = text(page(found))
    treated = fallen.evidence.units[0]
    assert f"Before the start 52 weeks, {treated.before:,} counted" in words
    assert f"After the start 26 weeks, {treated.after:,} counted" in words
    assert "Usual change from 8 weeks to the next 8 ±" in words
    assert "Rank of this change 1 of 31" in words
    assert "Agencies whose reports are counted Police of Norway" in words
    assert "Comparison countries 30 countries, in the table below" in words


def ending_with(interval: Interval):
    """What is stored if the last interval is this one."""
    usual = whole()
    return usual._replace(result=msgspec.structs.replace(usual.result, interval=interval))


ANYTHING = "A change cannot be shown. The true change may be anything between 18% fewer and 5% more."
OPPOSITE = "The numbers moved in the opposite direction: between {} than expected from comparable countries."


@pytest.mark.parametrize(
    ("direction", "interval", "words"),
    [
        ("fewer", (-0.2, -0.08, 0.05), ANYTHING),
        ("more", (-0.2, -0.08, 0.05), ANYTHING),
        ("fewer", (0.05, 0.1, 0.2), OPPOSITE.format("5% more and 22% more")),
        ("more", (-0.2, -0.1, -0.004), OPPOSITE.format("0.4% fewer and 18% fewer")),
    ],
)
def test_what_is_not_found_is_never_called_no_effect(press, text, direction, interval, words):
    low, change, high = interval
    row = register(in_time(), direction=direction)
    publish(row, Word.NOT_FOUND, ending_with(Interval(change, low, high)))
    for address in ("/effects/", page(row)):
        said = text(address)
        assert words in said
        assert "no effect" not in said.lower()


def test_more_can_be_found_too(press, text):
    row = register(in_time(), direction="more")
    publish(row, Word.FOUND, ending_with(Interval(0.2, 0.1, 0.3)))
    assert "Between 11% more and 35% more than expected from comparable countries." in text(page(row))


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason.NO_COMPARISON, "because no country is left to compare with"),
        (Reason.FEW_COMPARISONS, "because fewer than 20 countries can be compared"),
        (Reason.PANEL_BROKEN, "because no agencies reported all weeks before and after the start in full"),
        (Reason.SMALL_COUNTS, "because the numbers are too small: fewer than 5 a week before the start"),
    ],
)
def test_page_says_why_something_cannot_be_told(press, text, reason, words):
    row = register(in_time())
    publish(row, Word.CANNOT_BE_TOLD, nothing(), reason=reason)
    for address in ("/effects/", page(row)):
        assert "Cannot be told" in text(address)
        assert f"This cannot be told, {words}" in text(address)


def test_running_one_has_its_interval_and_no_verdict(press, text):
    row = register(in_time(LAST), start=LAST)
    publish(row, Word.RUNNING, whole(-0.3, weeks=8))
    words = text(page(row))
    assert "The numbers of 8 of 26 weeks are known. Nothing is decided before the last week." in words
    assert re.search(r"So far, the true change may be anything between \d+% fewer and \d+% fewer\.", words)
    assert "Found" not in words
    assert "After the start 26 weeks, 8 of them known" in words


def test_running_one_without_numbers_says_so(press, text):
    row = register(in_time(LAST), start=LAST)
    words = text(page(row))
    assert "The numbers of 0 of 26 weeks are known." in words
    assert "So far" not in words


def test_registered_one_says_when_it_starts(press, text):
    row = register(start=NEXT)
    words = text(page(row))
    assert f"It starts on {NEXT.day} {NEXT:%B %Y}. Until then there is nothing to measure." in words
    assert "The registration is not sealed in the audit trail yet." in words
    assert LATE not in words


@pytest.mark.parametrize(
    ("sealed", "words"),
    [
        (None, "its registration was not sealed before the start"),
        (in_time() + timedelta(hours=1), "its registration was sealed after the start"),
    ],
)
def test_late_registration_is_shown_everywhere(press, text, visit, fallen, sealed, words):
    row = register(sealed)
    publish(row, Word.FOUND, fallen)
    assert f"Found {LATE} Warnings beside searches" in text("/effects/")
    said = text(page(row))
    assert f"Found {LATE} Downloads" in said
    assert words in said
    assert "The intervention was registered late." in said
    cited = visit(page(row)).content.decode().partition('<pre tabindex="0">')[2]
    assert ". Registered late. As public on" in cited
    assert "note = {Registered late. As public on" in cited
    other = register(in_time(), title="Posters", countries=["SE"])
    assert re.search(r"Warnings beside searches : Norway, 5 January 2026 Registered late", text(page(other)))


def test_charts_have_a_line_for_each_country_and_their_tables_the_same_numbers(found, visit, fallen):
    content = visit(page(found)).content.decode()
    assert content.count('class="placebo" d="M') == len(COMPARED)
    drawings = re.findall(r'(<svg class="field-of".*?</svg>)\s*<svg class="base-of"', content, re.DOTALL)
    assert len([ElementTree.fromstring(drawing) for drawing in drawings]) == 2
    fan, course = re.findall(r"<tbody>(.*?)</tbody>", content, re.DOTALL)[:2]
    assert fan.count("<tr>") == len(fallen.evidence.lines[0])
    assert course.count("<tr>") == 26
    # The thick line begins four weeks after the first week, and ends with the last week.
    line = re.search(r'class="treated" d="M([^"]+)"', content)[1].split()
    assert (line[0].split(",")[0], line[-1].split(",")[0]) == ("51", "1000")
    # After the start it is below all others.
    assert int(line[-1].split(",")[1]) > int(line[0].split(",")[1]) + 300


def test_page_lists_what_else_may_explain_it(found, text):
    publish(register(in_time(), countries=["SE"], title="Posters"), Word.NOT_FOUND, whole())
    register(in_time(), countries=["US"], title="Elsewhere")
    register(in_time(), start=START + timedelta(weeks=26), title="Afterwards")
    AnnotationFactory.create(start=datetime(2026, 2, 3, tzinfo=UTC), text="A disk was full.")
    AnnotationFactory.create(start=datetime(2026, 7, 6, tzinfo=UTC), text="Too late.")
    AnnotationFactory.create(start=datetime(2025, 1, 5, tzinfo=UTC), text="Too early.")
    reference.snapshots.clear()
    words = text(page(found))
    explained = words.partition("What else may explain it")[2]
    assert "3 February 2026 , change of software or method: A disk was full." in explained
    assert "Posters : Sweden, 5 January 2026" in explained
    for other in ("Elsewhere", "Afterwards", "Too late", "Too early"):
        assert other not in explained


def test_page_says_that_nothing_else_is_known(found, text):
    words = text(page(found))
    assert "No campaign, outage or change of method is noted for these weeks." in words
    assert "No other registered intervention runs in the same weeks" in words


def test_past_view_shows_what_was_known_then(press, text, visit, fallen):
    now = datetime.now(UTC).replace(microsecond=0)
    row = register(in_time())
    publish(row, Word.NOT_FOUND, whole(), known_at=now - timedelta(days=20))
    publish(row, Word.FOUND, fallen, known_at=now - timedelta(days=10))
    at = (now - timedelta(days=15)).isoformat().replace("+00:00", "Z")
    for address in ("/effects/", page(row)):
        assert "Between 2" in text(address)
        words = text(f"{address}?as_of={at}")
        assert "You see what was public on" in words
        assert "A change cannot be shown." in words
    assert f'href="{page(row)}?as_of=' in visit(f"/effects/?as_of={at}").content.decode()
    assert f"/api/v1/effects/{row.pk}/?format=csv&amp;as_of=" in visit(f"{page(row)}?as_of={at}").content.decode()
    before = "2025-06-01T00:00:00Z"
    assert "No intervention is registered" in text(f"/effects/?as_of={before}")
    assert "At that time, this intervention was not registered yet." in text(f"{page(row)}?as_of={before}")


@pytest.mark.parametrize(
    "query", ["as_of=2999-01-01", "as_of=x", "as_of=2026-01-01&start=2026-01-01", "day=2026-01-01"]
)
def test_time_that_cannot_be_shown_is_told(found, text, query):
    for address in ("/effects/", page(found)):
        words = text(f"{address}?{query}")
        assert "This page cannot show the time in its address." in words
        assert "Between 2" in words


def test_citation_leads_to_the_same_estimate(found, visit, text, fallen):
    cited = html.unescape(
        re.search(r"<pre tabindex=\"0\">(Police2Peer.*?)</pre>", visit(page(found)).content.decode())[1]
    )
    assert "Warnings beside searches: Norway, 5 January 2026" in cited
    address = cited.rpartition("http://testserver")[2]
    publish(found, Word.NOT_FOUND, whole())
    caching.response_cache.clear()
    assert "Found" in text(address)
    assert "A change cannot be shown." in text(page(found))


def test_unknown_intervention_is_not_there(found, visit):
    for name in (f"{found.pk + 1}", f"0{found.pk}", "x", "-1", "9" * 5000):
        assert visit(f"/effects/{name}/").status_code == 404


def test_written_texts_are_escaped(press, visit, fallen):
    bad = '<script>alert(1)</script> & "x"'
    draw = a_draw(title=bad, countries=["NO", "SE"], source=bad, value=bad)
    row = register(in_time(), title=bad, description=bad, registrant=bad, draw=draw)
    publish(row, Word.FOUND, fallen)
    for address in ("/effects/", page(row)):
        content = visit(address).content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;x&quot;" in content
        assert "<script>" not in content


def test_drawn_order_can_be_repeated(press, text):
    codes = ["NO", "SE", "DK", "FI"]
    draw = a_draw(title="Second wave", countries=codes, source="A beacon", value="8f3a")
    a_draw(title="Third wave", countries=["PL", "DE"], source="A beacon", value="", drawn=None)
    words = text("/effects/")
    assert "Second wave Source of chance: A beacon" in words
    names = {"NO": "Norway", "SE": "Sweden", "DK": "Denmark", "FI": "Finland"}
    order = reference.Reference.current().draws
    shown = next(one for one in order if one.id == draw.pk).order
    assert sorted(shown) == sorted(codes)
    assert " ".join(f"{names[code]} ({code})" for code in shown) in words
    assert "The value was 8f3a ." in words
    assert "Poland, Germany. The order is not drawn yet." in words


def test_pages_answer_in_other_languages_before_they_are_translated(found, visit):
    for address in ("/de/effects/", page(found, "/de")):
        answer = visit(address)
        assert answer.status_code == 200
        assert 'lang="en">Warnings beside searches' in answer.content.decode()
        # German has a space before the sign.
        assert re.search(r"2\d\xa0%", answer.content.decode())


def test_sitemap_and_menu_lead_to_the_pages(found, visit):
    sitemap = visit("/sitemap.xml").content.decode()
    assert f"<loc>http://testserver{page(found)}</loc>" in sitemap
    assert f"<loc>http://testserver/de{page(found)}</loc>" in sitemap
    assert '<a href="/effects/">Effects</a>' in visit("/about/").content.decode()


def test_tag_changes_with_the_estimate_the_seal_and_the_words(press, visit, monkeypatch, fallen):
    monkeypatch.setattr(caching, "FRESH_SECONDS", 0)
    row = register(start=NEXT)
    tags = {visit(page(row))["ETag"]}
    publish(row, Word.RUNNING, nothing())
    tags.add(visit(page(row))["ETag"])
    publish(row, Word.FOUND, fallen)
    tags.add(visit(page(row))["ETag"])
    assert len(tags) == 3
    assert visit(page(row), **{"if-none-match": visit(page(row))["ETag"]}).status_code == 304


def test_invented_agencies_are_told(found, text):
    AgencyFactory.create(code="FI-DEMO", invented=True)
    reference.snapshots.clear()
    words = text(page(found))
    assert words.count("Invented numbers.") > 1  # The banner, and the citation.


def test_every_text_of_a_page_is_marked_for_translation(found, visit, monkeypatch):
    late = register(start=LAST, title="Kripos", networks=["BITTORRENT"])
    publish(late, Word.RUNNING, whole(-0.3, weeks=8))
    marked = {"gettext": lambda text: f"⟦{text}⟧", "ngettext": lambda one, many, n: f"⟦{one if n == 1 else many}⟧"}
    for name, function in marked.items():
        monkeypatch.setattr(translation._trans, name, function)
    caching.response_cache.clear()
    written = set(
        re.findall(r"\w+", "Warnings beside searches A search engine warns People are offered help prevention")
    )
    written |= {"BibTeX", "NO", "BitTorrent", "misc", "author", "title", "year", "version", "url", "note", "As"}
    for row in (found, late):
        left = words_of(visit(page(row)).content.decode())
        while (shorter := re.sub(r"⟦[^⟦⟧]*⟧", " ", left)) != left:
            left = shorter
        assert set(re.findall(r"\w*[^\W\d_]{2,}\w*", left)) <= NAMES | written
    caching.response_cache.clear()
