"""The sentences of findings in the language of the page. In English, they are those of the API."""

from datetime import datetime

from django import template
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, ngettext

from api.site import readings
from api.site.templatetags import cldr
from federation.findings.finding_queries import FindingRow, ReportFinding
from p2p_core import periods
from p2p_core.codes import NETWORK_NAMES, UNKNOWN
from p2p_core.periods import Frequency
from p2p_core.rules import rulebook
from p2p_core.rules.levels import Facts
from p2p_core.rules.sentences import ENGLISH, EVEN, Span, Words

register = template.Library()


class PageWords(Words):
    """Translated templates, filled with periods, numbers and names as elsewhere on the pages."""

    def gettext(self, text: str) -> str:
        return gettext(text)

    def ngettext(self, one: str, many: str, number: int) -> str:
        return ngettext(one, many, number)

    def fill(self, template: str, span: Span, facts: Facts, **others: str) -> str:
        # Many languages write months without a capital.
        filled = super().fill(template, span, facts, **others)
        return filled[:1].upper() + filled[1:]

    def number(self, value: float) -> str:
        return cldr.amount(value)

    def percent(self, share: float) -> str:
        return cldr.exact_percent(round(share, 2 if share >= EVEN else 3))

    def day(self, iso: str) -> str:
        return cldr.day(datetime.fromisoformat(iso))

    def period(self, span: Span, *, begins: bool = True) -> str:  # noqa: ARG002  sentences begin as they go on
        return cldr.period(span.first, span.frequency)

    def stretch(self, span: Span) -> str:
        if span.frequency in (Frequency.MINUTE, Frequency.HOUR) and span.first.date() == span.last.date():
            return f"{cldr.day(span.first)}, {cldr.interval(cldr.clock(span.first), cldr.clock_in_utc(span.last))}"
        return cldr.interval(*(cldr.period(period, span.frequency) for period in span[1:]))

    def amount(self, count: int, frequency: str) -> str:
        # Schedules are judged by the hour, the day or the month.
        texts = {
            Frequency.HOUR: ngettext("{count} hour", "{count} hours", count),
            Frequency.DAY: ngettext("{count} day", "{count} days", count),
            Frequency.MONTH: ngettext("{count} month", "{count} months", count),
        }
        return texts[Frequency(frequency)].format(count=self.number(count))

    def parts(self, frequency: str) -> str:
        texts = {Frequency.MINUTE: gettext("minutes"), Frequency.HOUR: gettext("hours"), Frequency.DAY: gettext("days")}
        return texts[Frequency(frequency)]

    def level(self, span: Span, compared: str) -> str:
        if compared == Frequency.MONTH:
            return gettext("month") if span.frequency == compared else gettext("whole month")
        weekday = cldr.weekday(span.first)
        if compared == Frequency.HOUR:
            return f"{weekday}, {cldr.clock_in_utc(periods.start_of(Frequency.HOUR, span.first))}"
        return weekday if span.frequency == compared else gettext("{weekday}, whole day").format(weekday=weekday)

    def country(self, code: str) -> str:
        return readings.name_of(code)

    def network(self, code: str) -> str:
        return gettext("unknown network") if code == UNKNOWN else cldr.word(code, NETWORK_NAMES[code])


@register.filter
def sentence(finding: FindingRow | ReportFinding) -> str:
    """Write the sentence about a finding."""
    words = ENGLISH if translation.get_language() == settings.LANGUAGE_CODE else PageWords()
    return rulebook.say(finding.rule, finding.frequency, finding.period, finding.last_period, finding.facts, words)
