"""The data sets that the public can read, one for each indicator and frequency: what they are, and where to get them.

The catalogue and the data page both take their descriptions from here, so they cannot differ.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from urllib.parse import urlencode

from django.conf import settings

from countries.reference import Indicator, Reference
from federation import published
from federation.files import manifest
from federation.files.manifest import DataFile
from federation.published.answers import PublicSpan
from federation.published.terms import INVENTED, ROUNDED
from p2p_core import flow, periods

ABOUT: Final = (
    "What national police agencies count in the prevention campaign Police2Peer, added up into one European view: "
    "sums by country and peer-to-peer network, from hours to years. No number is of a person."
)
PROVENANCE: Final = (
    "National police agencies submit sums of what their own computers count. The sums are checked, added up over all "
    "agencies, and rounded at random before they are published. A number that is corrected keeps its earlier views."
)
VERSIONS: Final = (
    "The version is that of the structure. Any earlier view of the numbers can be read again: give as_of with an "
    "instant."
)
ALL_DATA: Final = (
    "Everything that is published of this data set, with groups and totals and with names, in one file. It is written "
    "once a day. /files/manifest.json says what all columns mean."
)
KEYWORDS: Final = (
    "prevention",
    "police",
    "child sexual abuse",
    "peer-to-peer networks",
    "help services",
    "official statistics",
    "Europe",
)

#: The SDMX dataflow of all data sets, and the path of its structure.
_FLOW: Final = (flow.AGENCY, flow.FLOW, flow.VERSION)
STRUCTURE: Final = f"sdmx/3.0/structure/datastructure/{flow.AGENCY}/{flow.STRUCTURE}/{flow.VERSION}"
#: A link to hours returns only the last month, because nobody who follows a link expects all hours in one answer.
_HOURS: Final = 31 * 24


class FrequencyTerms(NamedTuple):
    """A frequency in words, in the EU's table of frequencies, and as a length of time."""

    noun: str
    authority: str
    resolution: str
    by_network: bool = True


#: Minutes are missing here: they are public for only two hours, so they are a service and not a data set.
FREQUENCIES: Final = {
    "H": FrequencyTerms("hour", "HOURLY", "PT1H", by_network=False),
    "D": FrequencyTerms("day", "DAILY", "P1D"),
    "W": FrequencyTerms("week", "WEEKLY", "P7D"),
    "M": FrequencyTerms("month", "MONTHLY", "P1M"),
    "A": FrequencyTerms("year", "ANNUAL", "P1Y"),
}


class Service(NamedTuple):
    """An interface to the data sets: the paths of its root and of its description, and the standard that it follows."""

    key: str
    title: str
    root: str
    description: str
    standard: str


REST: Final = Service(
    "rest",
    "REST API: JSON, CSV, JSON-stat and workbooks (xlsx)",
    "api/v1/",
    "api/schema/",
    "https://spec.openapis.org/oas/v3.1.1.html",
)
SDMX_21: Final = Service(
    "sdmx-2.1",
    "SDMX 2.1 (REST 1.5)",
    "sdmx/2.1/",
    f"sdmx/2.1/dataflow/{'/'.join(_FLOW)}?references=all",
    "https://github.com/sdmx-twg/sdmx-rest/tree/v1.5.0",
)
SDMX_30: Final = Service(
    "sdmx-3.0",
    "SDMX 3.0 (REST 2.2)",
    "sdmx/3.0/",
    f"sdmx/3.0/structure/dataflow/{'/'.join(_FLOW)}?references=all",
    "https://github.com/sdmx-twg/sdmx-rest/tree/v2.2.2",
)
SERVICES: Final = (REST, SDMX_21, SDMX_30)


class Form(NamedTuple):
    """A format of a data set, named as in the EU's table of file types."""

    key: str
    title: str
    media_type: str
    file_type: str
    service: Service
    #: The value of the parameter `format`. Links need it, because they cannot send Accept.
    word: str
    #: Whether long answers come in pages. Then the address gives only the first page.
    paged: bool = False


#: JSON-stat and workbooks are not listed, because a whole data set is larger than such a file may be. The title of the
#: service names them.
FORMS: Final = (
    Form("json", "JSON", "application/json", "JSON", REST, "json", paged=True),
    Form("csv", "CSV", "text/csv", "CSV", REST, "csv"),
    *(
        Form(
            one.title.lower().replace(" ", "-"),
            one.title,
            one.content_type,
            "SDMX" if one.word == "xml" else one.word.upper(),
            service,
            one.word,
        )
        for service, formats in ((SDMX_21, flow.DATA_21), (SDMX_30, flow.DATA_30))
        for one in formats
    ),
)


class FileForm(NamedTuple):
    """A form of the files of all data. What compresses it has no name in the catalogue: IANA has no type for xz."""

    title: str
    media_type: str
    file_type: str


FILE_FORMS: Final = {
    manifest.PARQUET: FileForm("Parquet", manifest.PARQUET, "PARQUET"),
    manifest.XZ: FileForm("compressed CSV", "text/csv", "CSV"),
}


class Publisher(NamedTuple):
    """Who publishes, and how to reach them. Without a page of the publisher, readers get our page about the numbers."""

    name: str
    page: str
    email: str


class Dataset(NamedTuple):
    """An indicator at a frequency, from its first period to its last."""

    indicator: Indicator
    span: PublicSpan
    invented: bool
    #: Everything in it as files. Empty if no files have been written yet.
    files: tuple[DataFile, ...]

    @property
    def key(self) -> str:
        """The part of its address that names it."""
        return f"{self.indicator.code}-{self.span.frequency}"

    @property
    def frequency(self) -> FrequencyTerms:
        return FREQUENCIES[self.span.frequency]

    @property
    def title(self) -> str:
        by = f"by {self.frequency.noun}, country and network" if self.frequency.by_network else "by hour and country"
        return title_with_notice(f"{self.indicator.name}, {by}", invented=self.invented)

    @property
    def description(self) -> str:
        return description(self.indicator, invented=self.invented)

    @property
    def extent(self) -> tuple[date | datetime, date | datetime]:
        """The first and the last day; for hours the instants between which they lie."""
        start, end = self.span.first, periods.end(self.span.frequency, self.span.last)
        return (start, end) if self.span.frequency == "H" else (start.date(), (end - timedelta(days=1)).date())

    @property
    def modified(self) -> date:
        """The day of the newest publication. Its instant would be another each minute."""
        return self.span.modified.date()

    def address(self, form: Form) -> str:
        """The path and query that give it in a form."""
        _, frequency, first, last, *_ = self.span
        is_hourly = frequency == "H"
        if form.service is REST:
            start = max(first, last - timedelta(hours=_HOURS - 1)) if is_hourly else first
            ends = {"start": periods.label(frequency, start), "end": periods.label(frequency, last)}
            query = {"indicator": self.indicator.code, "frequency": frequency, **ends, "country": "*"}
            if self.frequency.by_network:
                query["network"] = "*"
            return f"api/v1/aggregates/?{urlencode(query, safe='*:')}&format={form.word}"

        series = (frequency, self.indicator.code)
        newest = f"lastNObservations={_HOURS}&" if is_hourly else ""
        if form.service is SDMX_21:
            path = f"2.1/data/{','.join(_FLOW)}/{'.'.join((*series, '', ''))}"
        else:
            path = f"3.0/data/dataflow/{'/'.join(_FLOW)}/{'.'.join((*series, '*', '*'))}"
        return f"sdmx/{path}?{newest}format={form.word}"

    def title_of(self, file: DataFile) -> str:
        """What a file contains, and in which form."""
        year = f", {file.year}" if file.year else ""
        return f"{self.title}{year}: {FILE_FORMS[file.media_type].title}, all of it"

    def contents(self, form: Form) -> str:
        """A sentence that says what the link to a form contains, and what it leaves out."""
        by_network = form.service is REST and self.frequency.by_network
        totals = " Without totals, which are rounded on their own; ask for them." if by_network else ""
        hours = f" The address gives the last {_HOURS} hours; ask for others." if self.span.frequency == "H" else ""
        pages = " Long answers come in pages; next leads on." if form.paged else ""
        return f"{self.title} as {form.title}.{totals}{hours}{pages}"


@dataclass(frozen=True, slots=True)
class Inventory:
    """All data sets, as of a version of the reference data."""

    reference: int
    publisher: Publisher
    datasets: tuple[Dataset, ...]
    invented: bool

    @classmethod
    def load(cls) -> "Inventory":
        reference = Reference.current()
        rows = {row.number: row for row in reference.indicators}
        spans = published.spans(rows, FREQUENCIES)
        written = manifest.read()
        files = written.files if written else ()
        found = tuple(
            Dataset(rows[span.indicator], span, reference.invented, _files_of(rows[span.indicator], span, files))
            for span in spans
        )
        publisher = Publisher(settings.PUBLISHER_NAME, settings.PUBLISHER_URL, settings.CONTACT_EMAIL)
        return cls(reference.version, publisher, found, reference.invented)

    def by_indicator(self) -> Iterator[tuple[Indicator, list[Dataset]]]:
        for indicator in {one.indicator.code: one.indicator for one in self.datasets}.values():
            yield indicator, [one for one in self.datasets if one.indicator == indicator]

    @property
    def fingerprint(self) -> str:
        """Changes whenever the inventory does: with a publication once a day, with a new hour, or with new files."""
        parts = [
            (
                one.key,
                *one.extent,
                one.span.first,
                one.span.issued.date(),
                one.modified,
                [file.name for file in one.files],
            )
            for one in self.datasets
        ]
        return repr((self.reference, self.publisher, parts))


def _files_of(indicator: Indicator, span: PublicSpan, files: Iterable[DataFile]) -> tuple[DataFile, ...]:
    wanted = indicator.code, span.frequency
    return tuple(file for file in files if (file.indicator, file.frequency) == wanted)


def description(indicator: Indicator, *, invented: bool) -> str:
    """What is counted, and what the number is not."""
    return with_notice(" ".join([indicator.description, *indicator.notes, ROUNDED]), invented=invented)


def with_notice(text: str, *, invented: bool) -> str:
    return f"{text} {INVENTED}" if invented else text


def title_with_notice(title: str, *, invented: bool) -> str:
    return f"Invented numbers: {title}" if invented else title
