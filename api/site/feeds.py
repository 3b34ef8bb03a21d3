"""Atom feeds (RFC 4287): which periods became public, and which annotations were added, changed or withdrawn.

An entry names a period or an annotation, and links to the page that shows it. It never has a count.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final
from urllib.parse import urlencode, urlsplit

from django.http import Http404, HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.translation import gettext, gettext_lazy

from api import caching
from api.caching import Representation, Validator
from api.site import pages, readings
from api.site.base import PageView
from api.site.templatetags import cldr
from api.site.trends import AnnotationText
from countries.reference import Annotation, Indicator, Reference
from federation.published import publications
from federation.published.publications import Publication
from p2p_core import periods

PUBLISHED: Final = "published"
ANNOTATIONS: Final = "annotations"
BREAKS: Final = "breaks"
#: The names of the feeds, as they stand in addresses, and their titles.
TITLES: Final = {
    PUBLISHED: gettext_lazy("Newly published numbers"),
    ANNOTATIONS: gettext_lazy("Annotations"),
    BREAKS: gettext_lazy("Breaks in series"),
}
#: The most entries of a feed.
MOST: Final = 50
#: An hour is no news, and the entries of a week of hours would push all others out of the feed.
_FREQUENCIES: Final = periods.LASTING[1:]
#: The year in the ids (RFC 4151). It must never change, because readers know an entry by its id.
_SINCE: Final = 2026
#: The page that shows an annotation shows so much time before and after its start.
_AROUND: Final = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry. ``key`` is its id within the feed, and ``path`` the address of the page that shows it."""

    key: str
    title: str
    text: str
    path: str
    updated: datetime
    published: datetime | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What an address asks for: a feed, of one indicator or all (None), and of one frequency or all ("")."""

    kind: str
    indicator: Indicator | None
    frequency: str

    @classmethod
    def parse(cls, kind: str, given: QueryDict) -> "Choice":
        """Read an address. What is not known is ignored. Annotations have no frequency."""
        known = _FREQUENCIES if kind == PUBLISHED else ()
        indicator = pages.indicators().get(given.get("indicator", ""))
        return cls(kind, indicator, pages.choice_of(given, "frequency", known, ""))

    @property
    def frequencies(self) -> Sequence[str]:
        return (self.frequency,) if self.frequency else _FREQUENCIES

    @property
    def key(self) -> str:
        """The same for all addresses that ask for the same."""
        indicator = self.indicator.code if self.indicator else ""
        return "/".join(filter(None, [self.kind, indicator, self.frequency]))

    @property
    def title(self) -> str:
        words = [str(TITLES[self.kind])]
        if self.indicator:
            words.append(self.indicator.name)
        if self.frequency:
            words.append(cldr.word(self.frequency))
        return " · ".join(("Police2Peer", *words))


@dataclass(frozen=True, slots=True)
class FeedAnswer:
    """A feed in the language of its address."""

    kind: str
    given: QueryDict
    origin: str
    address: str

    def validator(self) -> Validator:
        validator, *_ = self._read()
        return validator

    def render(self) -> Representation:
        validator, reference, choice, found = self._read()
        listed = _publications(reference, found) if self.kind == PUBLISHED else _annotations(reference, choice)
        entries = sorted(listed, key=lambda one: one.published or one.updated, reverse=True)[:MOST]
        headers = {"Content-Type": Atom1Feed.content_type, "Content-Language": translation.get_language() or "en"}
        return Representation(validator, self._write(reference, choice, entries), headers)

    def _read(self) -> tuple[Validator, Reference, Choice, list[Publication]]:
        # The version is read before the data to which it belongs, as for pages.
        reference = Reference.current()
        choice, found = Choice.parse(self.kind, self.given), list[Publication]()
        if self.kind == PUBLISHED:
            known = (row.number for row in reference.indicators)
            numbers = [choice.indicator.number] if choice.indicator else list(known)
            found = publications.newest(numbers, choice.frequencies, most=MOST)
        tag = blake2b(repr((reference.version, found)).encode(), digest_size=12).hexdigest()
        return Validator(tag, caching.REFERENCE), reference, choice, found

    def _write(self, reference: Reference, choice: Choice, entries: Sequence[Entry]) -> bytes:
        language = translation.get_language() or "en"
        tags = f"tag:{urlsplit(self.origin).hostname},{_SINCE}:{language}/"
        feed = _Feed(
            title=choice.title,
            link=f"{self.origin}{reverse('site:data')}#feeds",
            description=None,
            subtitle=cldr.invented_note() if reference.invented else None,
            language=language,
            author_name="Police2Peer",
            feed_url=f"{self.origin}{self.address}",
            feed_guid=f"{tags}{choice.key}",
            newest=max((one.updated for one in entries), default=reference.changed),
        )
        for one in entries:
            feed.add_item(
                title=one.title,
                link=f"{self.origin}{one.path}",
                description=escape(one.text),
                unique_id=f"{tags}{one.key}",
                pubdate=one.published,
                updateddate=one.updated,
            )
        return feed.writeString("utf-8").encode()


class _Feed(Atom1Feed):
    def latest_post_date(self) -> datetime:
        """The time of the newest change. Django's own is the present if there are no entries."""
        newest: datetime = self.feed["newest"]
        return newest


class FeedPage(PageView):
    """A feed, of all indicators or of the one in the address."""

    def get(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        if kind not in TITLES:
            raise Http404
        given, origin, address = request.GET, pages.origin(request), request.get_full_path()
        return caching.respond(request, "page", "Accept-Encoding", lambda: FeedAnswer(kind, given, origin, address))


def _publications(reference: Reference, found: Iterable[Publication]) -> Iterator[Entry]:
    indicators = {row.number: row for row in pages.indicators(reference).values()}
    notes = [cldr.invented_note()] if reference.invented else []
    for one in found:
        indicator = indicators[one.indicator]
        said = gettext("Numbers about this period are public.")
        corrected = [gettext("They were corrected after their first publication.")] if one.corrected else []
        yield Entry(
            f"{PUBLISHED}/{indicator.code}/{one.frequency}/{periods.label(one.frequency, one.period)}",
            f"{indicator.name}: {cldr.period(one.period, one.frequency)}",
            " ".join([*notes, said, *corrected]),
            _page_of(indicator, one.frequency, one.period),
            one.updated,
            one.published,
        )


def _page_of(indicator: Indicator, frequency: str, period: datetime) -> str:
    """The map of a day, or the trend of Europe that ends with a longer period."""
    label = periods.label(frequency, period)
    if frequency == periods.Frequency.DAY:
        return _path(reverse("site:map"), indicator, {"window": "day", "day": label})
    europe = reverse("site:country", args=[readings.GROUPS[readings.EUROPE]])
    return _path(europe, indicator, {"frequency": frequency, "end": label})


def _path(page: str, indicator: Indicator | None, named: Mapping[str, str]) -> str:
    of_indicator = {"indicator": indicator.code} if indicator else {}
    return f"{page}?{urlencode(of_indicator | dict(named))}"


def _annotations(reference: Reference, choice: Choice) -> Iterator[Entry]:
    """Annotations, or only breaks, and those that were withdrawn."""
    known = set()
    for row in reference.annotations:
        if choice.kind == BREAKS and not row.is_break:
            continue
        if row.intervention is None:
            known.add(row.id)
        if choice.indicator is None or row.indicator in (None, choice.indicator.code):
            yield _annotation(reference, choice.kind, row)
    for gone in reference.withdrawn:
        if gone.is_break == (choice.kind == BREAKS) and gone.annotation not in known:
            yield _withdrawn(choice.kind, gone.annotation, gone.withdrawn)


def _annotation(reference: Reference, kind: str, row: Annotation) -> Entry:
    agency = reference.agencies_by_code.get(row.agency or "")
    indicator = pages.indicators(reference).get(row.indicator or "")
    text = AnnotationText(row, agency.name if agency else "")
    about = [indicator.name] if indicator else []
    place = readings.slug(agency.country if agency else readings.EUROPE)
    if row.intervention is None:
        key, path = f"{kind}/{row.id}", _path(reverse("site:country", args=[place]), indicator, _time_around(row))
    else:
        key, path = f"{kind}/effects/{row.intervention}", reverse("site:effect", args=[row.intervention])
    return Entry(key, text.text, " · ".join([text.line(), *about]), path, row.changed)


def _time_around(row: Annotation) -> dict[str, str]:
    """The range in which a trend shows an annotation. One that was announced for the future has no such range yet."""
    if row.start > row.changed:
        return {"range": "all"}
    start = max(row.start - _AROUND, periods.EARLIEST)
    return {"start": periods.label("D", start), "end": periods.label("D", row.start + _AROUND)}


def _withdrawn(kind: str, annotation: int, withdrawn: datetime) -> Entry:
    said = gettext("This break was withdrawn.") if kind == BREAKS else gettext("This annotation was withdrawn.")
    europe = reverse("site:country", args=[readings.GROUPS[readings.EUROPE]])
    return Entry(f"{kind}/{annotation}", said, said, europe, withdrawn)
