"""The explanation in a file, because people may read it without our pages: what the numbers are, and their source."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from api.formats import AnnotationDocument, Metadata
from countries.reference import Indicator
from federation.published import terms
from federation.published.detail import sentences
from federation.rules.coverage import STATUSES
from p2p_core.periods import Frequency


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer to one question, described. ``indicator`` and ``notes`` are in the language of the file.

    ``address`` always shows these numbers, if numbers of this frequency can be read again.
    """

    indicator: Indicator
    notes: Sequence[str]
    metadata: Metadata
    address: str
    publisher: str

    @property
    def title(self) -> str:
        meta = self.metadata.meta
        return f"{self.indicator.name}, {_steps()[meta.frequency]}, {meta.start} – {meta.end}"

    def rounding(self) -> str:
        said = [gettext("Every number is rounded at random to a multiple of {base}."), gettext(terms.ROUNDING_ERROR)]
        if self.metadata.meta.panel:
            said.append(gettext(terms.PANEL_ERROR))
        return " ".join(said).format(base=self.metadata.meta.rounding_base)

    def lines(self) -> list[tuple[str, str]]:
        """What there is to say, each part with its heading."""
        meta = self.metadata.meta
        panel = meta.panel.agencies if meta.panel else None
        status = gettext("Status")
        found = [
            (gettext("Title"), self.title),
            (gettext("What is counted"), self.indicator.description),
            *((gettext("Note"), note) for note in self.notes),
            (gettext("Coverage"), gettext("Give beside each number how many of the expected agencies have reported.")),
            (gettext("Covered part of the time"), _expected_time()),
            (gettext("Rounding"), self.rounding()),
            (gettext("Empty cells"), gettext("An empty cell is not known. It is never zero.")),
            *((f"{status} {code}", meaning) for code, meaning in statuses().items()),
            (gettext("Withheld"), sentences(self.metadata.withheld)),
            (gettext("Agencies of the panel"), "" if panel is None else ", ".join(panel) or gettext("None")),
            *((gettext("Annotation"), _annotation(one)) for one in self.metadata.annotations),
            (gettext("Source"), self.publisher),
            (gettext("Licence"), f"{terms.LICENCE_NAME}, {terms.LICENCE}"),
            (gettext("Version"), str(meta.version or "")),
            (gettext("Public since"), meta.known_at or ""),
            (gettext("Address of these numbers"), self.address),
        ]
        return [(heading, text) for heading, text in found if text]


def _expected_time() -> str:
    """Explain the share of the time: it can be 100 % although an agency began within the period."""
    text = gettext("Of the time that was expected. Nothing is expected of an agency before it began: see “{column}”.")
    return text.format(column=gettext("Counted from"))


def statuses() -> dict[str, str]:
    """What each status means, in the language that is active."""
    meanings = (
        gettext("All expected agencies have reported, and their reports are final."),
        gettext("Provisional: reports are missing or may still change, or an agency began within the period."),
        gettext("Not known: no agency has reported, or the period is not public yet."),
        gettext("Withheld: the country is not published in so much detail."),
    )
    return dict(zip(STATUSES, meanings, strict=True))


def _steps() -> dict[str, str]:
    return {
        Frequency.MINUTE: gettext("by minute"),
        Frequency.HOUR: gettext("by hour"),
        Frequency.DAY: gettext("by day"),
        Frequency.WEEK: gettext("by week"),
        Frequency.MONTH: gettext("by month"),
        Frequency.YEAR: gettext("by year"),
    }


def _annotation(one: AnnotationDocument) -> str:
    when = f"{one.start} – {one.end}" if one.end else one.start
    agency = f" ({one.agency})" if one.agency else ""
    text = f"{when}{agency}: {one.text}"
    if one.kind == "late_intervention":
        text += f" {gettext('Registered late')}."
    if one.is_break:
        text += " " + gettext(terms.INCOMPARABLE)
    return text
