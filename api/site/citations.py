"""Citations of published numbers, as a sentence and as BibTeX."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext

from api.site.templatetags import cldr
from federation.published.terms import FEDERATION, LICENCE_NAME
from p2p_core import instants

#: How TeX writes the characters that have a meaning in TeX.
_TEX: Final = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{character: f"\\{character}" for character in "&%$#_{}"},
    }
)


@dataclass(frozen=True, slots=True)
class Citation:
    """What was read, in the words of the page.

    ``known_at`` is the time at which these numbers became public. ``version`` is their version, as in the API and the
    workbook. ``url`` contains this time, so it always returns the same numbers. ``is_late`` is about an intervention.
    """

    key: str
    indicator: str
    places: Sequence[str]
    period: str
    known_at: datetime
    version: int | None
    url: str
    invented: bool
    is_late: bool = False

    @property
    def title(self) -> str:
        return f"{self.indicator}: {', '.join(self.places)}, {self.period}"

    @property
    def text(self) -> str:
        parts = [f"{FEDERATION} ({self.known_at.year}): {self.title}", *self._notes(cldr.moment(self.known_at))]
        return f"{'. '.join(part.rstrip('.') for part in parts)}. {self.url}"

    @property
    def bibtex(self) -> str:
        notes = self._notes(instants.write(self.known_at))
        fields = {
            "author": f"{{{FEDERATION}}}",
            "title": f"{{{self.title.translate(_TEX)}}}",
            "year": str(self.known_at.year),
            "version": str(self.version) if self.version is not None else "",
            "url": self.url,
            "note": ". ".join(note.rstrip(".") for note in notes).translate(_TEX),
        }
        lines = [f"  {name} = {{{value}}},\n" for name, value in fields.items() if value]
        return f"@misc{{{self.key},\n{''.join(lines)}}}"

    def _notes(self, moment: str) -> list[str]:
        public = gettext("As public on %(moment)s") % {"moment": moment}
        if self.version is not None:
            version = gettext("version %(number)s") % {"number": self.version}
            public += f" ({version})"
        invented = [gettext("Invented numbers.")] if self.invented else []
        late = [gettext("Registered late")] if self.is_late else []
        return [*invented, *late, public, LICENCE_NAME]
