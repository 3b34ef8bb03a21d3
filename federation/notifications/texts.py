"""The texts of an e-mail, in the language that is active. They have codes, periods and dates, and no figure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from django.utils.translation import gettext

from federation.models.notifications import Kind
from federation.notifications.groups import Line
from p2p_core.rules.rulebook import RULES

Words = Mapping[str, str]

#: Characters of a subject for the codes of agencies. A line of a mail must not be longer than 998.
_LONGEST: Final = 100


def _words(line: Line) -> Words:
    rule = line.details.get("rule", "")
    span = line.first
    if line.first != line.last:
        span = gettext("%(first)s to %(last)s") % {"first": line.first, "last": line.last}
    return {
        "agency": line.agency,
        "indicator": line.details.get("indicator", ""),
        "first": line.first,
        "span": span,
        "rule": f"{rule} {gettext(RULES[rule].name)}" if rule else "",
        "code": line.details.get("code", ""),
        "day": line.details.get("day", ""),
        "holder": line.details.get("holder") or line.agency,
    }


#: The sentence about each kind. They are functions, because the language is known only when one is written.
_SENTENCES: Final[dict[Kind, Callable[[], str]]] = {
    Kind.SILENT: lambda: gettext("%(agency)s is silent: no %(indicator)s since %(first)s."),
    Kind.SILENCE_OVER: lambda: gettext(
        "%(agency)s is no longer silent about %(indicator)s. The silence began with %(first)s."
    ),
    Kind.HELD: lambda: gettext("Reports of %(agency)s are held until a coordinator decides: %(indicator)s, %(span)s."),
    Kind.RELEASED: lambda: gettext("A coordinator released held reports of %(agency)s: %(indicator)s, %(span)s."),
    Kind.REJECTED: lambda: gettext("A coordinator rejected held reports of %(agency)s: %(indicator)s, %(span)s."),
    Kind.RESOLVED: lambda: gettext(
        "A coordinator closed a finding about %(agency)s: %(rule)s, %(indicator)s, %(span)s."
    ),
    Kind.OPENED: lambda: gettext("New finding about %(agency)s: %(rule)s, %(indicator)s, %(span)s."),
    Kind.ANSWERED: lambda: gettext("%(agency)s answered a finding: %(rule)s, %(indicator)s, %(span)s."),
    Kind.REFUSED: lambda: gettext("Submissions of %(agency)s were refused on %(day)s, with the code %(code)s."),
    Kind.ENDING: lambda: gettext("A credential of %(holder)s ends on %(day)s. Put a new one in its place before then."),
}
#: What the subject says after the agency.
_SUBJECTS: Final[dict[Kind, Callable[[], str]]] = {
    Kind.SILENT: lambda: gettext("silent, no %(indicator)s since %(first)s"),
    Kind.SILENCE_OVER: lambda: gettext("no longer silent about %(indicator)s"),
    Kind.HELD: lambda: gettext("reports are held, %(indicator)s"),
    Kind.RELEASED: lambda: gettext("held reports were released, %(indicator)s"),
    Kind.REJECTED: lambda: gettext("held reports were rejected, %(indicator)s"),
    Kind.RESOLVED: lambda: gettext("a finding was closed, %(rule)s"),
}


def sentence(line: Line) -> str:
    return _SENTENCES[line.kind]() % _words(line)


def subject(lines: Sequence[Line], *, day: str) -> str:
    """The subject of a message. ``day`` is that of a digest, or empty."""
    agencies = " ".join(dict.fromkeys(line.agency for line in lines if line.agency)) or "Police2Peer"
    if day:
        what = gettext("summary of %(day)s") % {"day": day}
    elif len(lines) == 1:
        what = _SUBJECTS[lines[0].kind]() % _words(lines[0])
    else:
        what = gettext("several notifications")
    return f"{agencies[:_LONGEST]}: {what}"


def body(
    lines: Sequence[Line], links: Sequence[str], *, agency: str, publisher: str, address: str, is_repeated: bool
) -> str:
    """The text of a mail: one paragraph for each line with its link, then who gets it and how to switch it off."""
    parts = [f"{sentence(line)}\n{link}" for line, link in zip(lines, links, strict=True)]
    if is_repeated:
        parts.insert(0, gettext("You may have received this message before."))
    if agency:
        why = gettext(
            "You get this because this mailbox receives the notifications about %(agency)s from %(publisher)s."
        )
    else:
        why = gettext(
            "You get this because this mailbox receives the notifications for coordinators from %(publisher)s."
        )
    off = gettext("To get no more of these messages:")
    footer = f"{why % {'agency': agency, 'publisher': publisher}}\n{off}\n{address}"
    return "\n\n".join([gettext("Good day,"), *parts, footer]) + "\n"
