"""Audit events in words: a sentence for each kind, and what changed in a row of the registry.

The text of an event is made when it is read. An event of an unknown kind, or with other details than today's events
have, falls back to its fields, one by one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import ForeignKey, Model
from django.urls import reverse

from countries import actors
from countries.actors import ActorKind
from federation.desk import value_words
from federation.desk.value_words import Names
from federation.models.audit import AuditEvent
from p2p_core import periods
from p2p_core.payloads.answers import ANSWERS

Details = Mapping[str, Any]

#: How a row of the registry is called in a sentence, with the words for its columns.
ROW_NAMES: Final = {
    "agency": "the agency {code}",
    "agencyaccount": "the account {user_id} of {agency_id}",
    "annotation": "the annotation “{text}”",
    "credential": "the credential {client_id}",
    "detail": "the detail of {country_id}, {indicator_id}, from {valid_from}",
    "draw": "the draw “{title}”",
    "group": "the group {name}",
    "helpservice": "the help service {name}",
    "indicator": "the indicator {code}",
    "indicatortranslation": "the texts of the indicator {indicator_id} in {language}",
    "intervention": "the intervention “{title}”",
    "population": "the population of {country_id} in {year}",
    "schedule": "the schedule of {agency_id}, {indicator_id}, each {frequency}",
    "setup": "the set-up of {agency_id} from {valid_from}",
    "signingkey": "the signing key {keyid}",
    "threshold": "the threshold “{name}” of {agency_id}",
    "user": "the user {username}",
    "recipient": "a recipient of {agency_id}",
    "webhook": "a webhook of {agency_id}",
}
#: What happens to a row of the registry: the end of the action, and the verb.
CHANGES: Final = {"added": "added", "changed": "changed", "removed": "deleted"}
_OWN_VERBS: Final = {
    "agencyaccount.added": "invited somebody with",
    "credential.added": "issued",
    "draw.added": "announced",
    "intervention.added": "registered",
    "signingkey.added": "registered",
}
#: The page on which a row without a page of its own is seen: the model, and the column with its key.
_SEEN_ON: Final = {
    "schedule": ("agency", "agency_id"),
    "threshold": ("agency", "agency_id"),
    "indicatortranslation": ("indicator", "indicator_id"),
}
#: A row of a list has at most this many changes.
_CHANGES_IN_A_ROW: Final = 3


class Change(NamedTuple):
    """A field of a row, before and after a change."""

    field: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.field}: from {self.before} to {self.after}"


class EventWords(NamedTuple):
    """An event in words. ``facts`` are its other details, and ``address`` is that of the page of its subject."""

    sentence: str
    changes: list[Change] = []
    facts: list[tuple[str, str]] = []
    address: str = ""

    @property
    def in_short(self) -> str:
        """What changed, in one line of a list."""
        shown = "; ".join(map(str, self.changes[:_CHANGES_IN_A_ROW]))
        more = len(self.changes) - _CHANGES_IN_A_ROW
        fields = f"{shown}; and {more} more field{'' if more == 1 else 's'}" if more > 0 else shown
        return f"{fields[:1].upper()}{fields[1:]}." if fields else ""


def in_words(events: Iterable[AuditEvent]) -> list[EventWords]:
    """The events in words, in their order. The rows that they name are read together."""
    shown = list(events)
    names = Names(_referred(shown))
    return [_event(event, names) for event in shown]


def actor(name: str) -> str:
    """Who did it, as the beginning of a sentence."""
    kind, rest = actors.kind_and_name(name)
    if kind == ActorKind.RECIPIENT:
        return f"A reader of a message to recipient {rest}"
    return f"The {kind} {rest}" if kind else name


def model_of(kind: str) -> type[Model] | None:
    """The table of the registry that a kind of event is about."""
    if kind in ("user", "group"):
        return User if kind == "user" else Group
    try:
        return apps.get_model("countries", kind)
    except LookupError:
        return None


def _event(event: AuditEvent, names: Names) -> EventWords:
    by, details = actor(event.actor), event.details if isinstance(event.details, dict) else {}
    kind, _, change = event.action.partition(".")
    model = model_of(kind)
    try:
        if event.action in SENTENCES:
            return EventWords(
                f"{by} {SENTENCES[event.action](event, details)}.", facts=_facts(details), address=_address(event)
            )
        if model is not None and change in CHANGES:
            return _registry_event(event, model, by, names)
    except (KeyError, TypeError, ValueError, AttributeError):
        # An event from before its kind had these details.
        pass
    return EventWords(
        f"{by}: {event.action.replace('.', ' ').replace('_', ' ')}, {event.subject}.", facts=_facts(details)
    )


def _registry_event(event: AuditEvent, model: type[Model], by: str, names: Names) -> EventWords:
    kind = event.action.partition(".")[0]
    before, after = event.details["before"], event.details["after"]
    if kind == "referenceversion":
        table = apps.get_model(after["table"])._meta.verbose_name_plural
        return EventWords(f"{by} loaded {after['rows_added']:,} rows of the table “{table}”.")
    row = after or before
    said = {column: value_words.value(model, column, value, names) for column, value in row.items()}
    name = ROW_NAMES[kind].format_map(said) if kind in ROW_NAMES else f"{model._meta.verbose_name} {event.subject}"
    sentence = f"{by} {_verb(event.action, before, after)} {name}."
    address = "" if after is None else _row_address(kind, row)
    if not (before and after):
        shown = [column for column, value in row.items() if value_words.is_shown(column, value)]
        return EventWords(
            sentence, facts=[(value_words.label(model, one), said[one]) for one in shown], address=address
        )
    changed = [column for column in {**before, **after} if before.get(column) != after.get(column)]
    changes = [
        Change(
            value_words.label(model, column),
            value_words.value(model, column, before.get(column), names),
            said.get(column, value_words.NOTHING),
        )
        for column in changed
    ]
    return EventWords(sentence, changes, address=address)


def _verb(action: str, before: Details | None, after: Details | None) -> str:
    if before and after and not before.get("revoked") and after.get("revoked"):
        return "ended" if action.startswith("agencyaccount.") else "revoked"
    return _OWN_VERBS.get(action) or CHANGES[action.partition(".")[2]]


def _period(details: Details) -> str:
    return f"{periods.NOUNS[details['frequency']]} {details['period']}"


def _about(details: Details) -> str:
    return f"{details['agency']}, {details['indicator']}, {_period(details)}"


def _number(event: AuditEvent) -> str:
    return event.subject.partition(" ")[2]


def _sent(_: AuditEvent, details: Details) -> str:
    count = details["reports"]
    signed = ", signed" if "signature" in details else ""
    return f"sent {count:,} report{'' if count == 1 else 's'} of {details['agency']}{signed}"


def _restored(_: AuditEvent, details: Details) -> str:
    made = f" from the backup of {value_words.instant(details['made'])}" if "made" in details else ""
    return f"restored the database{made}, whose newest version was {details['version']:,}"


#: What follows the actor in the sentence, by the action. Changes of the registry have their own sentences.
SENTENCES: Final[Mapping[str, Callable[[AuditEvent, Details], str]]] = {
    "submission.accepted": _sent,
    "report.released": lambda _, about: f"released the report of {_about(about)}",
    "report.rejected": lambda _, about: f"rejected the report of {_about(about)}",
    "report.made_current": lambda event, about: f"used report {_number(event)} again for the {_period(about)}",
    "finding.resolved": lambda event, about: f"resolved finding {_number(event)} ({about['rule']}) of {_about(about)}",
    "finding.answered": lambda event, about: (
        f"answered finding {_number(event)} ({about['rule']}) of {_about(about)}: {ANSWERS[about['answer']]}"
    ),
    "clock.put_back": lambda _, about: (
        "put the clock's mark back from "
        f"{value_words.instant(about['before'])} to {value_words.instant(about['after'])}"
    ),
    "database.restored": _restored,
}


def _facts(details: Details) -> list[tuple[str, str]]:
    """The details of an event, one line each, however deep they are."""
    return [(value_words.spaced(name), value) for name, value in _flat(details) if value]


def _flat(details: Details, path: str = "") -> Iterator[tuple[str, str]]:
    for name, value in details.items():
        here = f"{path} {name}".strip()
        if isinstance(value, dict):
            yield from _flat(value, here)
        elif name == "frequency" and value in periods.NOUNS:
            yield here, periods.NOUNS[value]
        else:
            yield here, value_words.plain(value)


def _address(event: AuditEvent) -> str:
    kind, number = event.action.partition(".")[0], _number(event)
    if kind not in ("submission", "report", "finding") or not number:
        return ""
    return reverse(f"admin:federation_{kind}_change", args=[number])


def _row_address(kind: str, row: Details) -> str:
    """The page of a row. Only superusers may open the pages of users and groups, so nothing links to them."""
    kind, column = _SEEN_ON.get(kind, (kind, ""))
    model = model_of(kind)
    if model is None or model in (User, Group) or not admin.site.is_registered(model):
        return ""
    return reverse(f"admin:countries_{kind}_change", args=[row[column or model._meta.pk.attname]])


def _referred(events: Iterable[AuditEvent]) -> dict[type[Model], set[Any]]:
    """The keys of the rows that the changes of the registry refer to."""
    found: dict[type[Model], set[Any]] = defaultdict(set)
    for event in events:
        model = model_of(event.action.partition(".")[0])
        versions = event.details.values() if model and isinstance(event.details, dict) else ()
        for columns in (one for one in versions if isinstance(one, dict)):
            for name, value in columns.items():
                field = value_words.field(model, name)
                if isinstance(field, ForeignKey) and isinstance(value, int):
                    found[field.related_model].add(value)
    return found
