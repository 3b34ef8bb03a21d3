"""Advice in the language of the page."""

from django.utils.translation import gettext, gettext_lazy

from api.codes import CODES
from api.site.templatetags import cldr
from p2p_core.payloads.faults import Advice

#: For codes whose advice is for programs.
_FOR_PEOPLE = {
    "finding_resolved": gettext_lazy("This finding is closed. No answer is needed any more."),
    "throttled": gettext_lazy("Your agency has sent too much in a short time. Wait a minute, then try again."),
} | dict.fromkeys(
    ("busy", "clocks_disagree", "not_ready", "not_stored"),
    gettext_lazy("The service cannot take anything just now. Nothing was stored. Try again in a minute."),
)


def translated(text: str) -> str:
    """An advice, or the title of a code."""
    if not isinstance(text, Advice):
        return gettext(text)
    values = {name: cldr.number(value) if isinstance(value, int) else value for name, value in text.values.items()}
    return gettext(text.template).format(**values)


def of_code(code: str) -> str:
    """What a person can do about an error with this code."""
    return str(_FOR_PEOPLE[code]) if code in _FOR_PEOPLE else gettext(CODES[code].advice)
