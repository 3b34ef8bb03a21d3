"""How the desk's pages write numbers and codes."""

from datetime import datetime
from typing import Any

from django import template
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from federation.desk import event_history
from federation.desk.event_history import PastEvent
from federation.desk.screens import words
from federation.desk.screens.filters import WaitingFirst
from p2p_core import periods
from p2p_core.periods import Frequency

register = template.Library()


@register.filter
def number(value: Any, otherwise: str = "–") -> str:
    """Write a number with separated thousands, or a word if there is none."""
    if value is None or value == "":
        return otherwise
    return f"{value:,.1f}" if isinstance(value, float) and not value.is_integer() else f"{int(value):,}"


@register.filter
def label(start: datetime, frequency: str) -> str:
    """Write the SDMX name of a period."""
    return periods.label(frequency, start)


@register.filter
def spoken(start: datetime, frequency: str) -> str:
    """Write a period with the noun of its frequency."""
    return f"{periods.NOUNS[frequency]} {periods.label(frequency, start)}"


@register.filter
def tick(start: datetime, frequency: str) -> str:
    """Write a period below a chart, as short as it can be."""
    if frequency in (Frequency.HOUR, Frequency.DAY):
        return f"{start.day} {start:%b}"
    return f"{start:%H:%M}" if frequency == Frequency.MINUTE else periods.label(frequency, start)


@register.filter
def noun(frequency: str) -> str:
    """Write the name of a frequency's periods, such as hour."""
    return periods.NOUNS[frequency]


@register.filter
def minutes(count: int) -> str:
    """Write minutes as whole days or hours if they are that."""
    unit, noun = next((unit, noun) for unit, noun in ((1440, "day"), (60, "hour"), (1, "minute")) if count % unit == 0)
    return words.count(count // unit, noun) if count else "0 minutes"


@register.filter
def codes(text: str) -> SafeString:
    """Write text between grave accents as code."""
    parts = [conditional_escape(part) for part in text.split("`")]
    return mark_safe("".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts)))  # noqa: S308  escaped above


@register.simple_tag
def unfiltered_address(shown: ChangeList, spec: WaitingFirst) -> str:
    """The address of a list that also has the rows which a filter hides at first."""
    return shown.get_query_string({str(spec.parameter_name): "all"}, ["p"])


@register.simple_tag
def events_about(row: Model, perms: Any, limit: int = event_history.AT_MOST) -> list[PastEvent]:
    """The newest audit events about a row, for users who may read the trail."""
    return event_history.events_about(row, limit=limit) if perms["federation"]["view_auditevent"] else []
