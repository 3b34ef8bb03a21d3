"""An audit trail to seal, to look through and to tamper with."""

from django.db import connection, transaction

from federation import audit
from federation.audit import chain
from federation.database import clock

#: Values that are hard to write in one form for a digest.
HARD = {"b": [1.5, 1e16, -0.0, 1e-7, 10**30, None, True], "a": {"é": "\U0001f512", "": 2**63, "x": {}}}


def write(count=1, details=None):
    for number in range(count):
        audit.record(by="ada", action="test.done", subject=f"test {number}", reason="why", details=details or {})


def seal():
    return chain.seal(now=clock.now())


def faults():
    return [str(fault) for fault in chain.verify()]


def run(*statements):
    with connection.cursor() as c:
        for one in statements:
            c.execute(one)


def tamper(*statements):
    """Run SQL with the triggers switched off, as a superuser can."""
    run("SET session_replication_role = replica", *statements, "SET session_replication_role = origin")


def faults_of_a_snapshot():
    with transaction.atomic():
        return faults()
