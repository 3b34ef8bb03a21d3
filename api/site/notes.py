"""What is to be known of the periods shown, as sentences."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext

from api.site.templatetags import cldr
from countries.reference import Annotation

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class AnnotationText:
    """An annotation; ``agency`` is the name of the one that it is about, if it is not about all."""

    row: Annotation
    agency: str

    @property
    def text(self) -> str:
        """What the coordinators wrote, as a sentence."""
        return f"{self.row.text.rstrip('.')}."

    def when(self) -> str:
        """Write the day, or the first and last one."""
        first = cldr.day(self.row.start)
        # What ends at midnight ended with the day before.
        last = cldr.day(max(self.row.start, self.row.end - _INSTANT)) if self.row.end else first
        return first if last == first else gettext("%(start)s to %(end)s") % {"start": first, "end": last}

    def told(self) -> str:
        """Write all of it in a line."""
        about = f", {self.agency}" if self.agency else ""
        comparable = f" {cldr.incomparable()}" if self.row.is_break else ""
        return f"{self.when()}, {cldr.word(self.row.kind)}{about}: {self.text}{comparable}"
