"""Atom feeds: what became public, and annotations that were added, changed or withdrawn."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from django.db import connection
from django.utils import timezone

from api import caching
from api.site import feeds
from countries import reference, registry
from countries.models import Annotation
from federation.published import publications
from p2p_core import periods
from tests.contract.public import interventions
from tests.contract.public.press import LATE, NOBODY, WAITING
from tests.factories import AgencyFactory, AnnotationFactory, IndicatorFactory

ATOM = "{http://www.w3.org/2005/Atom}"
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
NOON = datetime(2026, 11, 12, 12, tzinfo=UTC)


@pytest.fixture
def feed(visit):
    """Read a feed, and check it as RFC 4287 demands."""

    def read(kind="published", query="", prefix=""):
        caching.response_cache.clear()
        answer = visit(f"{prefix}/feeds/{kind}.atom{query}")
        assert (answer.status_code, answer["Content-Type"]) == (200, "application/atom+xml; charset=utf-8")
        root = ET.fromstring(answer.content)
        check(root, f"http://testserver{prefix}/feeds/{kind}.atom{query}")
        return root

    return read


def check(root, address):
    """The elements that a feed and its entries must have, each as often as it may be there (sections 4.1.1, 4.1.2)."""
    assert root.tag == f"{ATOM}feed"
    assert root.find(f"{ATOM}author/{ATOM}name").text
    assert [link.get("href") for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"] == [address]
    entries = root.findall(f"{ATOM}entry")
    for one in [root, *entries]:
        for name in ("id", "title", "updated"):
            assert len(one.findall(ATOM + name)) == 1
        assert one.findtext(f"{ATOM}id").startswith("tag:testserver,2026:")
        for moment in (*one.findall(f"{ATOM}updated"), *one.findall(f"{ATOM}published")):
            assert RFC_3339.fullmatch(moment.text)
        (link,) = (link for link in one.findall(f"{ATOM}link") if link.get("rel") == "alternate")
        assert link.get("href").startswith("http://testserver/")
        assert not set(link.get("href")) & set(' <>"')
    ids = [one.findtext(f"{ATOM}id") for one in entries]
    assert len(set(ids)) == len(ids) <= feeds.MOST
    if entries:
        assert root.findtext(f"{ATOM}updated") == max(one.findtext(f"{ATOM}updated") for one in entries)


def entries(root):
    """By the end of its id: each entry."""
    return {one.findtext(f"{ATOM}id").partition(":en/")[2]: one for one in root.findall(f"{ATOM}entry")}


def moment(entry, name="updated"):
    return datetime.fromisoformat(entry.findtext(ATOM + name))


def path(entry):
    return entry.find(f"{ATOM}link").get("href").removeprefix("http://testserver")


def test_entry_says_which_period_became_public_and_when_and_links_to_it(press, feed, visit):
    press.publish("D", {"2026-11-24": {"NO": 1235, "EUROPE": 1235}})
    press.publish("W", {"2026-W48": {"NO": 98765, "EUROPE": 98765}})
    press.publish("H", {"2026-11-24T10:00": {"NO": 5}})
    found = entries(feed())
    assert list(found) == ["published/DOWNLOADS/W/2026-W48", "published/DOWNLOADS/D/2026-11-24"]
    week, day = found.values()
    assert day.findtext(f"{ATOM}title") == "Downloads of police files: 24 November 2026"
    assert day.findtext(f"{ATOM}summary") == "Numbers about this period are public."
    assert moment(day) == moment(day, "published") == press.known_at(1)
    assert path(day) == "/?indicator=DOWNLOADS&window=day&day=2026-11-24"
    assert path(week) == "/countries/europe/?indicator=DOWNLOADS&frequency=W&end=2026-W48"
    assert "1,235" in visit(path(day)).content.decode()
    assert "98,765" in visit(path(week)).content.decode()


def test_no_entry_has_a_count(press, feed):
    press.publish("D", {"2026-11-24": {"NO": 1235, "EUROPE": 1235}})
    press.publish("D", {"2026-11-24": {"NO": 5005, "EUROPE": 5005}})
    text = ET.tostring(feed(), encoding="unicode")
    assert not re.search(r"1.?235|5.?005", text)


def test_correction_changes_when_an_entry_was_updated_and_nothing_else_of_its_identity(press, feed):
    press.publish("D", {"2026-11-24": {"NO": 5}})
    before = entries(feed())
    press.publish("D", {"2026-11-25": {"NO": 5}})
    press.publish("D", {"2026-11-24": {"NO": 10}})
    after = entries(feed())
    assert list(after) == ["published/DOWNLOADS/D/2026-11-25", *before]
    entry = after["published/DOWNLOADS/D/2026-11-24"]
    assert (moment(entry, "published"), moment(entry)) == (press.known_at(1), press.known_at(3))
    assert "They were corrected" in entry.findtext(f"{ATOM}summary")


def test_period_that_waits_or_has_no_report_is_no_news_until_it_has_numbers(press, feed):
    press.publish("D", {"2026-11-24": {}}, WAITING)
    press.publish("D", {"2026-11-23": {}}, NOBODY)
    assert entries(feed()) == {}
    press.publish("D", {"2026-11-23": {"NO": 5}, "2026-11-24": {"NO": 5}})
    assert [moment(one, "published") for one in entries(feed()).values()] == [press.known_at(3)] * 2
    press.publish("D", {"2026-11-23": {}}, NOBODY)
    assert len(entries(feed())) == 2


def test_feed_has_the_newest_entries_only_and_can_be_of_one_indicator_and_frequency(press, feed):
    days = [f"2026-{month:02}-{day:02}" for month in (9, 10) for day in range(1, 29)]
    press.publish("D", {key: {"NO": 5} for key in days})
    press.publish("M", {"2026-09": {"NO": 5}})
    IndicatorFactory.create(number=2, code="HELP_VISITS", name="Visits")
    type(press)(2).publish("M", {"2026-09": {"NO": 5}})
    reference.snapshots.clear()
    found = list(entries(feed()))
    assert len(found) == feeds.MOST
    assert found[:3] == [
        "published/HELP_VISITS/M/2026-09", "published/DOWNLOADS/M/2026-09", "published/DOWNLOADS/D/2026-10-28",
    ]  # fmt: skip
    assert list(entries(feed(query="?indicator=HELP_VISITS"))) == ["published/HELP_VISITS/M/2026-09"]
    of_months = feed(query="?indicator=DOWNLOADS&frequency=M")
    assert list(entries(of_months)) == ["published/DOWNLOADS/M/2026-09"]
    assert of_months.findtext(f"{ATOM}title") == (
        "Police2Peer · Newly published numbers · Downloads of police files · By month"
    )
    ids = {feed(query=query).findtext(f"{ATOM}id") for query in ("", "?frequency=M", "?indicator=HELP_VISITS")}
    assert len(ids) == 3
    # Minutes and hours are in no feed.
    assert feed(query="?frequency=H&x=1").findtext(f"{ATOM}id") in ids


def slow_publications(most):
    """What the statement must find, by looking at every version of every period."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indicator_id, frequency, period, version_from, status, agencies_reporting"
            " FROM federation_publishedcoverage ORDER BY version_from"
        )
        rows = cursor.fetchall()
        cursor.execute("SELECT number, known_at FROM federation_version")
        times = dict(cursor.fetchall())
        cursor.execute(
            "SELECT indicator_id, frequency, period, version FROM federation_periodversion WHERE is_correction"
        )
        corrections = cursor.fetchall()
    first, found = {}, []
    for *key, since, status, reporting in rows:
        if status != "O" and reporting:
            first.setdefault(tuple(key), times[since])
    for key, published in first.items():
        corrected = [times[version] for *one, version in corrections if tuple(one) == key]
        found.append((*key, published, max(corrected, default=None)))
    return sorted(found, key=lambda one: (one[3], one[2]), reverse=True)[:most]


def test_publications_are_those_of_a_slow_search(press):
    # Later periods first, because those that come late are listed by when they came.
    for label in ("2026-11-03", "2026-11-01", "2026-11-02"):
        press.publish("D", {label: {}}, WAITING)
        press.publish("D", {label: {"NO": 5}})
    press.publish("D", {"2026-11-01": {"NO": 10}}, LATE)
    press.publish("D", {"2026-11-04": {}}, NOBODY)
    press.publish("D", {"2026-11-03": {}}, NOBODY)
    press.publish("D", {"2026-11-04": {"NO": 5}})
    found = publications.newest([1], "DWMA", most=10)
    assert [tuple(one) for one in found] == slow_publications(10)
    assert [periods.label("D", one.period) for one in found] == ["2026-11-04", "2026-11-02", "2026-11-01", "2026-11-03"]


def added(**columns):
    given = {"kind": "change", "text": "The software was replaced", "start": NOON} | columns
    return registry.save(Annotation(**given), by="ada")


def test_annotation_is_in_the_feed_with_its_words_and_links_to_the_trend_of_its_country(press, feed, visit):
    agency = AgencyFactory.create(code="SE-NOA", name="Noa")
    indicator = Annotation._meta.get_field("indicator").related_model.objects.get()
    row = added(text="Moved & <changed>", agency=agency, indicator=indicator)
    ((key, entry),) = entries(feed("annotations")).items()
    assert key == f"annotations/{row.pk}"
    assert entry.findtext(f"{ATOM}title") == "Moved & <changed>."
    # The summary is HTML.
    assert entry.findtext(f"{ATOM}summary") == (
        "12 November 2026, change of software or method, Noa: Moved &amp; &lt;changed&gt;. · Downloads of police files"
    )
    assert path(entry) == "/countries/se/?indicator=DOWNLOADS&start=2026-10-15&end=2026-12-10"
    assert abs(moment(entry) - timezone.now()) < timedelta(minutes=1)
    press.publish("D", {f"2026-11-{day:02}": {"SE": 5} for day in range(1, 25)})
    assert "Moved &amp; &lt;changed&gt;." in visit(path(entry)).content.decode()


def test_changed_annotation_has_the_same_id_and_a_later_update(press, feed):
    row, other = added(), added(text="Another")
    before = entries(feed("annotations"))
    row.text = "The software was replaced twice"
    registry.save(row, by="ada", fields=["text"])
    registry.save(other, by="ada")
    after = entries(feed("annotations"))
    assert list(after) == [f"annotations/{row.pk}", f"annotations/{other.pk}"]
    assert moment(after[f"annotations/{row.pk}"]) > moment(before[f"annotations/{row.pk}"])
    assert moment(after[f"annotations/{other.pk}"]) == moment(before[f"annotations/{other.pk}"])


def test_withdrawn_annotation_says_so_and_nothing_of_its_text(press, feed):
    row = added(text="Wrong words", is_break=True)
    before = moment(entries(feed("annotations"))[f"annotations/{row.pk}"])
    registry.delete(row, by="ada")
    for kind, said in (("annotations", "This annotation was withdrawn."), ("breaks", "This break was withdrawn.")):
        root = feed(kind)
        (entry,) = entries(root).values()
        assert entry.findtext(f"{ATOM}id").endswith(f":en/{kind}/{row.pk}")
        assert entry.findtext(f"{ATOM}title") == said
        assert moment(entry) > before
        assert "Wrong words" not in ET.tostring(root, encoding="unicode")


def test_break_that_is_one_no_more_is_withdrawn_from_the_breaks_only_until_it_is_one_again(press, feed):
    row = added(is_break=True)
    for is_break, said in ((False, "This break was withdrawn."), (True, "The software was replaced."), (False, "This")):
        row.is_break = is_break
        registry.save(row, by="ada", fields=["is_break"])
        (entry,) = entries(feed("breaks")).values()
        assert entry.findtext(f"{ATOM}title").startswith(said)
        (entry,) = entries(feed("annotations")).values()
        assert entry.findtext(f"{ATOM}title") == "The software was replaced."


def test_annotation_that_never_was_a_break_is_in_no_feed_of_breaks(press, feed):
    row = added()
    assert entries(feed("breaks")) == {}
    registry.delete(row, by="ada")
    assert entries(feed("breaks")) == {}


def test_feed_of_an_indicator_has_the_annotations_about_it_and_about_all(press, feed):
    visits = IndicatorFactory.create(number=2, code="HELP_VISITS", name="Visits")
    AnnotationFactory.create(text="visits", indicator=visits)
    AnnotationFactory.create(text="all", start=NOON)
    titles = {one.findtext(f"{ATOM}title") for one in entries(feed("annotations", "?indicator=DOWNLOADS")).values()}
    assert titles == {"all."}
    assert len(entries(feed("annotations"))) == 2


def test_announced_annotation_links_to_all_of_the_trend(press, feed):
    added(start=timezone.now() + timedelta(days=100))
    (entry,) = entries(feed("annotations")).values()
    assert path(entry) == "/countries/europe/?range=all"


def test_registered_intervention_is_in_the_feed_and_a_new_title_updates_it(press, feed):
    row = interventions.intervention()
    key = f"annotations/effects/{row.pk}"
    before = entries(feed("annotations"))[key]
    assert path(before) == f"/effects/{row.pk}/"
    row.title = "Warnings"
    registry.save(row, by="ada", fields=["title"])
    after = entries(feed("annotations"))[key]
    assert after.findtext(f"{ATOM}title") == "Warnings (NO)."
    assert moment(after) > moment(before)


def test_feed_in_another_language_has_its_words_and_ids_of_its_own(press, feed):
    press.publish("W", {"2026-W48": {"NO": 5}})
    english, norwegian = feed(), feed(prefix="/nb")
    assert norwegian.get("{http://www.w3.org/XML/1998/namespace}lang") == "nb"
    (entry,) = norwegian.findall(f"{ATOM}entry")
    assert "Uke 48" in entry.findtext(f"{ATOM}title")
    assert path(entry).startswith("/nb/countries/europe/?")
    assert not {one.text for one in english.iter(f"{ATOM}id")} & {one.text for one in norwegian.iter(f"{ATOM}id")}


def test_caller_that_has_the_feed_already_gets_nothing_again(press, visit):
    press.publish("D", {"2026-11-24": {"NO": 5}})
    address = "/feeds/published.atom"
    first = visit(address)
    assert first["Cache-Control"] == caching.REFERENCE
    assert first["Vary"] == "Accept-Encoding"
    again = visit(address, **{"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    # Hours are in no feed, so they change nothing.
    press.publish("H", {"2026-11-24T10:00": {"NO": 5}})
    caching.response_cache.clear()
    assert visit(address)["ETag"] == first["ETag"]
    press.publish("D", {"2026-11-25": {"NO": 5}})
    caching.response_cache.clear()
    assert visit(address, **{"if-none-match": first["ETag"]}).status_code == 200


def test_empty_feed_is_the_same_each_time(press, feed):
    first, second = feed("breaks"), feed("breaks")
    assert ET.tostring(first) == ET.tostring(second)


def test_head_has_no_body_and_an_unknown_feed_is_not_found(press, client, visit):
    head = client.head("/feeds/published.atom")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head["Content-Length"]) > 0
    assert visit("/feeds/nothing.atom").status_code == 404
    assert client.post("/feeds/published.atom").status_code == 405


def test_invented_numbers_are_called_so_in_the_feed_and_in_each_entry(press, feed):
    press.publish("D", {"2026-11-24": {"NO": 5}})
    AgencyFactory.create(invented=True)
    root = feed()
    (entry,) = entries(root).values()
    for text in (root.findtext(f"{ATOM}subtitle"), entry.findtext(f"{ATOM}summary")):
        assert "This is a demonstration" in text


@pytest.mark.parametrize("address", ["/", "/countries/no/", "/coverage/", "/corrections/", "/data/", "/nb/data/"])
def test_pages_name_the_feeds_for_feed_readers(published, visit, address):
    named = re.findall(
        r'<link rel="alternate" type="application/atom\+xml" title="[^"]+" href="([^"]+)">',
        visit(address).content.decode(),
    )
    prefix = "/nb" if address.startswith("/nb/") else ""
    assert named == [f"{prefix}/feeds/{kind}.atom" for kind in feeds.TITLES]
    assert {visit(urlsplit(one).path).status_code for one in named} == {200}


def test_people_find_the_feeds_from_the_corrections(published, visit):
    assert 'href="/data/#feeds"' in visit("/corrections/").content.decode()
    page = visit("/data/").content.decode()
    assert 'id="feeds"' in page
    assert {f'<a href="/feeds/{kind}.atom">' in page for kind in feeds.TITLES} == {True}
