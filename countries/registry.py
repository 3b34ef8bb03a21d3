"""The only module that writes agencies, accounts and reference data.

Each write increases the reference version. In the same transaction it announces what changed, who changed it, and why.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import product
from typing import Any, TypeVar, cast

from django.contrib.auth.models import Group, User
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.db.models import F, Max, Model
from django.db.models.functions import Now
from django.dispatch import Signal
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from countries import deletions
from countries.models import (
    Agency,
    Annotation,
    Country,
    Detail,
    Draw,
    Indicator,
    Intervention,
    PastPopulation,
    Population,
    ReferenceVersion,
    Schedule,
    WithdrawnAnnotation,
    WrittenByPeople,
    first_steps,
)
from p2p_core import traces

M = TypeVar("M", bound=Model)
Columns = dict[str, Any]

# Sent within the transaction, with ``instance``, ``before``, ``after``, ``by`` and ``reason``. ``before`` and ``after``
# have all columns as JSON values, except secrets and names or addresses of people. ``before`` is None for a new row,
# ``after`` for a deleted one. All rows added from a data file are one signal: its ``instance`` is the ReferenceVersion,
# and its ``after`` has the table and the number of rows.
changed = Signal()

SECRETS = frozenset({"client_secret", "password"})
_RAISE = """
INSERT INTO countries_referenceversion AS stored (id, number) VALUES (1, %s)
ON CONFLICT (id) DO UPDATE SET number = greatest(stored.number, excluded.number)
"""
#: Columns of Django's accounts that the desk does not use. Only the user name is announced.
_OF_PERSONS = frozenset({"email", "first_name", "last_name"})
#: The time of the last change. An event has its own time.
_TIMES = frozenset({"changed"})


class Refused(Exception):  # noqa: N818  it reads as a verb, and so do its uses
    """The registry refuses a change. The message says why, in words for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def writing() -> Iterator[None]:
    """A transaction that writes the registry. Writers take turns, so rows that one has counted stay as they are."""
    with transaction.atomic():
        ReferenceVersion.objects.bulk_create([ReferenceVersion()], ignore_conflicts=True)
        ReferenceVersion.objects.select_for_update().get()
        yield


def raise_version(number: int) -> None:
    """Raise the reference version to at least ``number``, because a restored database must not use versions twice."""
    # In SQL with only two columns, because restored tables may be older than the models.
    with connection.cursor() as cursor:
        cursor.execute(_RAISE, [number])


def save(instance: M, *, by: str, reason: str = "", fields: Collection[str] | None = None) -> M:
    """Check and write a row. ``fields`` limits the columns: two screens must not overwrite each other's changes."""
    with writing():
        if isinstance(instance, Indicator) and not instance.number:
            instance.number = (Indicator.objects.aggregate(last=Max("number"))["last"] or 0) + 1
        before, unannounced = _stored(instance), _unannounced_changes(instance)
        instance.full_clean()
        if isinstance(instance, Population) and _keep_past(instance, changes_to=instance.inhabitants):
            fields = fields and {*fields, "known_from"}
        if isinstance(instance, Annotation | Intervention) and before and columns_of(instance) != before:
            instance.changed = _now()
            fields = fields and {*fields, "changed"}
        if isinstance(instance, Draw):
            # The time at which the value was entered is stored with the value.
            fields = fields and {*fields, "drawn"}
        instance.save(update_fields=fields if before else None)
        after = (_stored(instance) or {}) | unannounced
        if before != after:
            _withdraw(instance, before=before, after=after)
            _announce(instance, before=before, after=after, by=by, reason=reason)
        if isinstance(instance, Indicator) and before is None:
            set_up_details(by=by, reason=reason)
    return instance


def delete(instance: Model, *, by: str, reason: str = "") -> None:
    """Delete a row that no other row refers to. The instance keeps its key, so that listeners can name it."""
    with writing():
        why = deletions.why_kept(instance)
        if why:
            raise Refused("in_use", why)
        before, key = _stored(instance), instance.pk
        if isinstance(instance, Population):
            _keep_past(instance, changes_to=None)
        instance.delete()
        instance.pk = key
        _withdraw(instance, before=before, after=None)
        _announce(instance, before=before, after=None, by=by, reason=reason)


def _keep_past(row: Population, *, changes_to: int | None) -> bool:
    """Keep the stored inhabitants for past views if they change. Then the row is known from now on."""
    stored = Population.objects.filter(pk=row.pk).first()
    if stored is None or stored.inhabitants == changes_to:
        return False
    row.known_from = _now()
    PastPopulation.objects.create(
        country_id=stored.country_id,
        year=stored.year,
        inhabitants=stored.inhabitants,
        known_from=stored.known_from,
        known_until=row.known_from,
    )
    return True


def _withdraw(instance: Model, *, before: Columns | None, after: Columns | None) -> None:
    """Keep for the readers of the feeds that an annotation was deleted, or that it is no break any more."""
    if not isinstance(instance, Annotation) or before is None:
        return
    gone = [False] if after is None else []
    if before["is_break"] and not (after and after["is_break"]):
        gone.append(True)
    rows = [WithdrawnAnnotation(annotation=instance.pk, is_break=one, withdrawn=_now()) for one in gone]
    WithdrawnAnnotation.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["annotation", "is_break"], update_fields=["withdrawn"]
    )


def _now() -> datetime:
    """The time of the database, in whole milliseconds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT date_trunc('milliseconds', clock_timestamp())")
        (now,) = cursor.fetchone()
    return cast("datetime", now)


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many rows a load added, changed to the values in the file, or kept although they differ from the file."""

    added: int = 0
    changed: int = 0
    kept: int = 0


def load(
    model: type[M], rows: Sequence[Columns], *, key: tuple[str, ...], overwrite: bool, by: str, reason: str
) -> Loaded:
    """Write the rows of a data file into a table. ``key`` names the columns that identify a row.

    Rows that are not in the file stay. Without ``overwrite``, a row that differs is kept, because a coordinator may
    have corrected it.
    """
    with writing():
        stored = {tuple(getattr(row, name) for name in key): row for row in model._default_manager.all()}
        known = [(stored.get(tuple(row[name] for name in key)), row) for row in rows]
        new = [model(**row) for there, row in known if there is None]
        different = [
            (there, row)
            for there, row in known
            if there is not None and any(getattr(there, name) != value for name, value in row.items())
        ]
        if new:
            # One statement and one signal for thousands of rows. Only the constraints of the database check them.
            model._default_manager.bulk_create(new)
            added = {"table": model._meta.label, "rows_added": len(new)}
            _announce(ReferenceVersion.objects.get(), before=None, after=added, by=by, reason=reason)
        if not overwrite:
            return Loaded(added=len(new), kept=len(different))
        for there, row in different:
            for name, value in row.items():
                setattr(there, name, value)
            save(there, by=by, reason=reason)
    return Loaded(added=len(new), changed=len(different))


def set_up_details(*, by: str, reason: str = "") -> Loaded:
    """Give each country its first detail of each indicator, by its newest population. One that is there stays."""
    people = dict(Population.objects.order_by("year").values_list("country", "inhabitants"))
    key = ("country_id", "indicator_id")
    columns = (*key, "valid_from", "step", "network_step")
    pairs = product(*(model._default_manager.values_list("pk", flat=True) for model in (Country, Indicator)))
    rows = [dict(zip(columns, (*pair, Detail.FIRST, *first_steps(people.get(pair[0]))), strict=True)) for pair in pairs]
    return load(Detail, rows, key=key, overwrite=False, by=by, reason=reason)


def create_agency(
    *, code: str, country: str, name: str, by: str, invented: bool = False, contact: str = "", reason: str = ""
) -> Agency:
    """Add an agency. Called again with the same arguments, it returns the existing agency."""
    with writing():
        home = Country.objects.filter(code=country).first()
        if home is None:
            raise Refused("unknown_country", f"There is no country {country}. Give an ISO 3166 code, such as NO.")
        known = Agency.objects.filter(code=code).first()
        if known is None:
            new = Agency(code=code, country=home, name=name, invented=invented, contact=contact)
            return save(new, by=by, reason=reason)
        if (known.country_id, known.name, known.invented) != (home.number, name, invented):
            raise Refused(
                "agency_exists", f"There is already an agency {code}, called “{known.name}”. Choose another code."
            )
        return known


def add_schedule(
    *,
    agency: Agency,
    indicator: str,
    frequency: str,
    valid_from: date,
    deadline_minutes: int,
    by: str,
    valid_to: date | None = None,
    reason: str = "",
) -> Schedule:
    """Add a schedule for an agency. Called again with the same arguments, it returns the existing schedule."""
    with writing():
        counted = Indicator.objects.filter(code=indicator).first()
        if counted is None:
            raise Refused("unknown_indicator", f"There is no indicator {indicator}. Add it in the admin first.")
        wanted = Schedule(
            agency=agency,
            indicator=counted,
            frequency=frequency,
            valid_from=valid_from,
            valid_to=valid_to,
            deadline_minutes=deadline_minutes,
        )
        columns = columns_of(wanted)
        columns.pop("id")
        known = Schedule.objects.filter(**columns).first()
        return known or save(wanted, by=by, reason=reason)


def create_account(
    *, username: str, by: str, password: str | None = None, is_superuser: bool = False, reason: str = ""
) -> User:
    """Add a user. Without a password they cannot sign in. The name must be one that no program can have."""
    User.username_validator(username)
    with writing():
        user = User.objects.create_user(
            username=username, password=password, is_staff=is_superuser, is_superuser=is_superuser
        )
        announce_new(user, by=by, reason=reason)
    return user


def account(name: str) -> User:
    """The row of an account. A request has only a proxy of it."""
    return User.objects.get(username=name)


def announce_new(row: User | Group, *, by: str, reason: str = "") -> None:
    """Announce an account or group that Django's own screens and commands added in this transaction."""
    _announce(row, before=None, after=_state(row), by=by, reason=reason)


def announce_new_password(user: User, *, by: str) -> None:
    """Announce that a password was changed in this transaction. The signal has nothing of the password."""
    state = _state(user)
    _announce(user, before=state, after=state | {"password": "changed"}, by=by, reason="")


@contextmanager
def announce_changes(row: User | Group, *, by: str, reason: str = "") -> Iterator[None]:
    """Run a block in a transaction, and announce what the block changed in an account or group."""
    with writing():
        before, stored = _state(row), type(row)._default_manager.get(pk=row.pk)
        yield
        row = type(row)._default_manager.get(pk=row.pk)
        after = _state(row)
        if getattr(row, "password", "") != getattr(stored, "password", ""):
            after |= {"password": "changed"}
        if before != after:
            _announce(row, before=before, after=after, by=by, reason=reason)


def _state(row: User | Group) -> Columns:
    """The columns and permissions of an account or group. For an account also its groups and second factor."""
    columns = _stored(row) or {}
    if isinstance(row, Group):
        return columns | {"permissions": sorted(row.permissions.values_list("codename", flat=True))}
    app = TOTPDevice.objects.filter(user=row, confirmed=True).values_list("created_at", flat=True).first()
    return columns | {
        "groups": sorted(row.groups.values_list("name", flat=True)),
        "permissions": sorted(row.user_permissions.values_list("codename", flat=True)),
        "second_factor": f"since {app:%Y-%m-%d %H:%M:%S}" if app else "none",
        "recovery_codes": StaticToken.objects.filter(device__user=row).count(),
    }


def _unannounced_changes(instance: Model) -> Columns:
    """Columns that the audit trail must not keep, and that differ from the stored row. Their values are left out."""
    stored = type(instance)._base_manager.filter(pk=instance.pk).first()
    names = _not_in_trail(instance)
    return {name: "changed" for name in names if stored and getattr(stored, name) != getattr(instance, name)}


def _not_in_trail(row: Model) -> frozenset[str]:
    return row.NOT_IN_TRAIL if isinstance(row, WrittenByPeople) else frozenset()


def _stored(instance: M) -> Columns | None:
    row = type(instance)._base_manager.filter(pk=instance.pk).first()
    return None if row is None else columns_of(row)


def change_of(instance: M, *, fields: Collection[str]) -> tuple[Columns | None, Columns]:
    """The columns of a row before and after ``save`` would write these fields. Call it while ``writing``."""
    stored = type(instance)._base_manager.filter(pk=instance.pk).first()
    if stored is None:
        return None, columns_of(instance)
    before = columns_of(stored)
    for field in stored._meta.concrete_fields:
        if field.name in fields:
            setattr(stored, field.attname, getattr(instance, field.attname))
    return before, columns_of(stored)


def columns_of(row: Model) -> Columns:
    """The columns of a row as the audit trail has them."""
    found = {
        field.attname: field.value_from_object(row)
        for field in row._meta.concrete_fields
        if field.name not in SECRETS | _OF_PERSONS | _TIMES | _not_in_trail(row)
    }
    plain: Columns = json.loads(json.dumps(found, cls=DjangoJSONEncoder))
    return plain


def _announce(instance: Model, *, before: Columns | None, after: Columns | None, by: str, reason: str) -> None:
    # The tables of Django check no names, so the new name of an account or group is checked here.
    column = {User: "username", Group: "name"}.get(type(instance), "")
    name = (after or {}).get(column, "")
    for text in (reason, "" if (before or {}).get(column) == name else name):
        if why := traces.refusal(text):
            raise Refused("personal_trace", why)
    ReferenceVersion.objects.update(number=F("number") + 1, changed=Now())
    changed.send(sender=type(instance), instance=instance, before=before, after=after, by=by, reason=reason)
