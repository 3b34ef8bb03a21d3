"""The one module that writes who takes part and reference data.

Every write counts the reference version up and says in the same transaction what changed, from, to, by whom and why.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from django.contrib.auth.models import Group, User
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.db.models import PROTECT, F, Max, Model
from django.db.models.functions import Now
from django.dispatch import Signal
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from countries.models import Agency, Country, Indicator, ReferenceVersion, Schedule
from p2p_core import traces

M = TypeVar("M", bound=Model)
Columns = dict[str, Any]

# Sent inside the transaction with instance, before, after, by and reason. ``before`` and ``after`` hold every column
# except secrets and the particulars of people, ready for JSON; one of them is None for a row that is new or gone.
# Rows added from a data file are one signal: its instance is the ReferenceVersion, its ``after`` the table and how
# many rows.
changed = Signal()

SECRETS = frozenset({"client_secret", "password"})
_RAISE = """
INSERT INTO countries_referenceversion AS stored (id, number) VALUES (1, %s)
ON CONFLICT (id) DO UPDATE SET number = greatest(stored.number, excluded.number)
"""
#: Columns of Django's accounts that the desk does not use. Of a person, only the user name is announced.
_OF_PERSONS = frozenset({"email", "first_name", "last_name"})
_NEW_PASSWORD = {"password": "changed"}  # that it was, not what it is


class Refused(Exception):  # noqa: N818  it reads as a verb, and so do its uses
    """The registry does not do this; the message says why, for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def writing() -> Iterator[None]:
    """One transaction of the registry: writers take turns, so what one has counted another cannot change meanwhile."""
    with transaction.atomic():
        ReferenceVersion.objects.bulk_create([ReferenceVersion()], ignore_conflicts=True)
        ReferenceVersion.objects.select_for_update().get()
        yield


def raise_version(number: int) -> None:
    """Makes the reference version at least that number: a restored database must not count through old ones again."""
    # By these columns alone: tables that were restored may be older than the models.
    with connection.cursor() as cursor:
        cursor.execute(_RAISE, [number])


def save(instance: M, *, by: str, reason: str = "", fields: Collection[str] | None = None) -> M:
    """Checks and writes a row; with ``fields`` those columns only, so that two screens do not overwrite one another."""
    with writing():
        if isinstance(instance, Indicator) and not instance.number:
            instance.number = _next_indicator_number()
        before = _stored(instance)
        instance.full_clean()
        instance.save(update_fields=fields if before else None)
        after = _stored(instance)
        if before != after:
            _announce(instance, before=before, after=after, by=by, reason=reason)
    return instance


def delete(instance: Model, *, by: str, reason: str = "") -> None:
    """Removes a row that nothing rests on; the instance keeps its key, so that listeners know which it was."""
    with writing():
        why = why_kept(instance)
        if why:
            raise Refused("in_use", why)
        before, key = _stored(instance), instance.pk
        instance.delete()
        instance.pk = key
        _announce(instance, before=before, after=None, by=by, reason=reason)


def why_kept(instance: Model) -> str:
    """Why a row cannot be deleted, or nothing. Asks for existence only: an agency may have millions of reports."""
    users = [
        str(relation.related_model._meta.verbose_name_plural)
        for relation in instance._meta.related_objects
        if relation.on_delete is PROTECT
        and relation.related_model._base_manager.filter(**{relation.field.name: instance}).exists()
    ]
    if not users:
        return ""
    advice = "Deactivate it instead." if isinstance(instance, Agency) else "Remove those first."
    return f"{instance} cannot be deleted: it has {' and '.join(users)}. {advice}"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did: rows added, changed to what the file says, and kept although they differ from it."""

    added: int = 0
    changed: int = 0
    kept: int = 0


def load(
    model: type[M], rows: Sequence[Columns], *, key: tuple[str, ...], overwrite: bool, by: str, reason: str
) -> Loaded:
    """Brings a table to the rows of a data file, found by ``key``; rows that the file does not name stay as they are.

    Without ``overwrite`` a row that differs is kept, since a coordinator may have corrected it.
    """
    with writing():
        stored = {tuple(getattr(row, name) for name in key): row for row in model._default_manager.all()}
        known = [(stored.get(tuple(row[name] for name in key)), row) for row in rows]
        new = [model(**row) for there, row in known if there is None]
        different = [(there, row) for there, row in known if there is not None and _differs(there, row)]
        _add(new, by=by, reason=reason)
        if not overwrite:
            return Loaded(added=len(new), kept=len(different))
        for there, row in different:
            for name, value in row.items():
                setattr(there, name, value)
            save(there, by=by, reason=reason)
    return Loaded(added=len(new), changed=len(different))


def create_agency(*, code: str, country: str, name: str, by: str, invented: bool = False, reason: str = "") -> Agency:
    """Brings an agency in. Said again with the same particulars, it returns the agency that is there."""
    with writing():
        home = Country.objects.filter(code=country).first()
        if home is None:
            raise Refused("unknown_country", f"There is no country {country}.")
        known = Agency.objects.filter(code=code).first()
        if known is None:
            return save(Agency(code=code, country=home, name=name, invented=invented), by=by, reason=reason)
        if (known.country_id, known.name, known.invented) != (home.number, name, invented):
            raise Refused("agency_exists", f"There is already an agency {code}, called “{known.name}”.")
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
    """Has an agency owe reports. Said again with the same particulars, it returns the schedule that is there."""
    with writing():
        counted = Indicator.objects.filter(code=indicator).first()
        if counted is None:
            raise Refused("unknown_indicator", f"There is no indicator {indicator}.")
        wanted = Schedule(
            agency=agency,
            indicator=counted,
            frequency=frequency,
            valid_from=valid_from,
            valid_to=valid_to,
            deadline_minutes=deadline_minutes,
        )
        columns = _columns(wanted)
        columns.pop("id")
        known = Schedule.objects.filter(**columns).first()
        return known or save(wanted, by=by, reason=reason)


def create_account(
    *, username: str, by: str, password: str | None = None, is_superuser: bool = False, reason: str = ""
) -> User:
    """Makes a user; without a password they cannot sign in."""
    with writing():
        user = User.objects.create_user(
            username=username, password=password, is_staff=is_superuser, is_superuser=is_superuser
        )
        say_account_added(user, by=by, reason=reason)
    return user


def account(name: str) -> User:
    """Return the row of an account, rather than what a request holds in its place."""
    return User.objects.get(username=name)


def say_account_added(user: User, *, by: str, reason: str = "") -> None:
    """Tells of an account that was made in this transaction."""
    _announce(user, before=None, after=_account(user), by=by, reason=reason)


def say_password_changed(user: User, *, by: str, reason: str = "") -> None:
    """Announce that a password was changed in this transaction, and nothing of the password."""
    account = _account(user)
    _announce(user, before=account, after=account | _NEW_PASSWORD, by=by, reason=reason)


@contextmanager
def changing_account(user: User, *, by: str, reason: str = "") -> Iterator[None]:
    """Run a transaction and announce the changes that it made to the account."""
    with writing():
        before, password = _account(user), User.objects.values_list("password", flat=True).get(pk=user.pk)
        yield
        user = User.objects.get(pk=user.pk)
        after = _account(user)
        if user.password != password:
            after |= _NEW_PASSWORD
        if before != after:
            _announce(user, before=before, after=after, by=by, reason=reason)


def say_group_added(group: Group, *, by: str, reason: str = "") -> None:
    """Tells of a group that was made in this transaction."""
    _announce(group, before=None, after=_group(group), by=by, reason=reason)


@contextmanager
def changing_group(group: Group, *, by: str, reason: str = "") -> Iterator[None]:
    """One transaction, at the end of which it is told what of a group was changed within."""
    with writing():
        before = _group(group)
        yield
        group = Group.objects.get(pk=group.pk)
        after = _group(group)
        if before != after:
            _announce(group, before=before, after=after, by=by, reason=reason)


def _account(user: User) -> Columns:
    """The columns of an account, what it may do, and whether it has a second factor."""
    app = TOTPDevice.objects.filter(user=user, confirmed=True).values_list("created_at", flat=True).first()
    return (_stored(user) or {}) | {
        "groups": sorted(user.groups.values_list("name", flat=True)),
        "permissions": sorted(user.user_permissions.values_list("codename", flat=True)),
        "second_factor": f"since {app:%Y-%m-%d %H:%M:%S}" if app else "none",
        "recovery_codes": StaticToken.objects.filter(device__user=user).count(),
    }


def _group(group: Group) -> Columns:
    return (_stored(group) or {}) | {"permissions": sorted(group.permissions.values_list("codename", flat=True))}


def _next_indicator_number() -> int:
    highest = Indicator.objects.aggregate(Max("number"))["number__max"]
    return (highest or 0) + 1


def _stored(instance: M) -> Columns | None:
    row = type(instance)._base_manager.filter(pk=instance.pk).first()
    return None if row is None else _columns(row)


def _columns(row: Model) -> Columns:
    columns = {
        field.attname: field.value_from_object(row)
        for field in row._meta.concrete_fields
        if field.name not in SECRETS | _OF_PERSONS
    }
    plain: Columns = json.loads(json.dumps(columns, cls=DjangoJSONEncoder))
    return plain


def _differs(row: Model, columns: Columns) -> bool:
    return any(getattr(row, name) != value for name, value in columns.items())


def _add(rows: Sequence[Model], *, by: str, reason: str) -> None:
    """Thousands of rows in one statement and one signal; constraints of the database check them."""
    if rows:
        model = type(rows[0])
        model._default_manager.bulk_create(rows)
        version = ReferenceVersion.objects.get()
        after = {"table": model._meta.label, "rows_added": len(rows)}
        _announce(version, before=None, after=after, by=by, reason=reason)


def _announce(instance: Model, *, before: Columns | None, after: Columns | None, by: str, reason: str) -> None:
    _refuse_traces(reason, *_new_names(instance, before, after))
    ReferenceVersion.objects.update(number=F("number") + 1, changed=Now())
    changed.send(sender=type(instance), instance=instance, before=before, after=after, by=by, reason=reason)


def _new_names(instance: Model, before: Columns | None, after: Columns | None) -> list[str]:
    """The name of an account or a group that was given just now: these tables are Django's, and check nothing."""
    column = {User: "username", Group: "name"}.get(type(instance))
    if column is None or after is None or (before or {}).get(column) == after[column]:
        return []
    return [after[column]]


def _refuse_traces(*texts: str) -> None:
    for why in filter(None, map(traces.refusal, texts)):
        raise Refused("personal_trace", why)
