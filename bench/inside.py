"""Steps of a measurement within the stack's own code: agencies, reports without HTTP, waiting for the workers.

Imported once Django is set up, by `bench.stack.joined`.
"""

import time
from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from itertools import count
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Group, User
from django.contrib.sessions.backends.db import SessionStore
from django.db import OperationalError, connection, transaction
from django.db.transaction import Atomic
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice
from numpy.typing import NDArray

from bench.invention import Reports
from bench.web import Sender, Web
from countries import registry
from countries.accounts import credentials
from countries.models import Agency, Detail, Indicator, Schedule
from federation import intake, worklist
from federation.database import clock
from p2p_core.codes import COUNTRIES
from p2p_core.reports import NewReport, NewSubmission

BY: Final = "bench"
LOOK_EVERY: Final = 0.01

_numbers = count(1)
#: All that reports lead to; what time makes goes on from its mark. The list is first, as it is for the workers: a
#: process that waits for it holds no other lock, and the process that has it finds no worker at work.
_MADE_OF_REPORTS = (
    "work, failure, submission, signature, idempotencykey, report, hold, finding, answer, figure, "
    "frozensum, periodversion, publishedcell, publishedcoverage, publishedseries, "
    "publishedpanel, publishedpanelperiod, version"
)


def _report(indicator: int, frequency: str, period: datetime, *cells: NDArray[Any]) -> NewReport:
    countries, networks, values = cells
    return NewReport(
        indicator=indicator,
        frequency=frequency,
        period=period,
        status="A",
        withdrawn=False,
        countries=countries,
        networks=networks,
        values=values,
    )


class Inside:
    """The stack seen from within."""

    def __init__(self, port: int) -> None:
        self._port = port

    def now(self) -> datetime:
        return clock.now()

    def publish_finely(self) -> None:
        """Publish each country by the minute. Call it before anything is published."""
        with registry.writing():
            Detail.objects.update(step="N", network_step="D")

    def new_agency(self) -> Agency:
        number = next(_numbers)
        homes = sorted(COUNTRIES.keys() - {"_U"})
        home = homes[number % len(homes)]
        return registry.create_agency(code=f"{home}-BENCH{number}", country=home, name=f"Bench {number}", by=BY)

    def expect(self, agencies: Sequence[Agency], frequency: str, since: date) -> None:
        """Give agencies a schedule. The last one is added as the admin does it, which appends the work for all."""
        *others, last = agencies
        indicator = Indicator.objects.get(code="DOWNLOADS")
        Schedule.objects.bulk_create(
            Schedule(agency=one, indicator=indicator, frequency=frequency, valid_from=since) for one in others
        )
        registry.add_schedule(
            agency=last, indicator="DOWNLOADS", frequency=frequency, valid_from=since, deadline_minutes=60, by=BY
        )

    def sender(self, agency: Agency | None = None) -> Sender:
        """Give an agency, or a new one, a credential and have it fetch a token."""
        return Sender(self.web(), *self.credential(agency or self.new_agency()))

    def web(self) -> Web:
        return Web(self._port)

    def credential(self, agency: Agency) -> tuple[str, str]:
        issued = credentials.issue(agency=agency, by=BY, now=clock.now())
        return issued.client_id, issued.client_secret

    def session(self) -> str:
        """Sign a coordinator in at the desk, with both factors, and return the key of the session."""
        user, _ = User.objects.get_or_create(username=BY, defaults={"is_staff": True})
        user.groups.set(Group.objects.filter(name="coordinator"))
        store = SessionStore()
        store[SESSION_KEY], store[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
        store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        app, _ = TOTPDevice.objects.get_or_create(user=user, defaults={"name": "app"})
        store[DEVICE_ID_SESSION_KEY] = app.persistent_id
        store.create()
        return str(store.session_key)

    def settle(self) -> None:
        """Wait until the workers have done all, and what was written is on disk and not in anybody's way."""
        self.wait_for_workers()
        self.run("CHECKPOINT")

    def run(self, statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    def ask(self, question: str, given: Sequence[Any]) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(question, given)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows

    def at_once(self) -> Atomic:
        """Tell the workers at the end of the block about the rows that it stored."""
        return transaction.atomic()

    def wait_for_workers(self) -> None:
        while worklist.is_pending():
            time.sleep(LOOK_EVERY)
        if aside := worklist.set_aside():
            raise SystemExit(f"{worklist.unpack(aside[0].item)} was set aside: {aside[0].reason}")

    def store(self, agency: Agency, made: Reports, starts: Sequence[datetime], *, frequency: str) -> None:
        """Take reports in as the API does once it has read them."""
        indicator = Indicator.objects.get(code="DOWNLOADS").number
        report = partial(_report, indicator, frequency)
        rows = zip(starts, made.countries, made.networks, made.values, strict=True)
        now = clock.now()
        reports = [report(start, *cells) for start, *cells in rows]
        submission = NewSubmission(reports, made.observations, now, now, "json", bytes(32))
        intake.accept(agency, submission, key=None, by=BY)

    def forget(self) -> None:
        """Go back to the empty state, also while workers are busy."""
        tables = ", ".join(f"federation_{name.strip()}" for name in _MADE_OF_REPORTS.split(","))
        self._truncate(tables)
        self.run("CHECKPOINT")

    def _truncate(self, tables: str) -> None:
        """Empty tables; where a worker holds one and waits for another, it is PostgreSQL that ends the wait."""
        while True:
            try:
                # Past the trigger that keeps evidence, which an agency that signs would have left.
                return self.run(
                    f"SET session_replication_role = replica; TRUNCATE {tables}; SET session_replication_role = origin"
                )
            except OperationalError:
                time.sleep(LOOK_EVERY)
