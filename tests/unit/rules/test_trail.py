"""The digests of the audit trail, compared with vectors made by hand: they must never change."""

from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest

from federation.rules import trail

AT = datetime(2026, 11, 24, 10, 15, 0, 120_000, tzinfo=UTC)
EVENT = {"at": AT, "actor": "ada", "action": "report.released", "subject": "report 7", "reason": "Ø", "details": {}}


def digest(**more):
    return trail.event_digest(**(EVENT | more))


def test_event_digest_is_over_a_json_list():
    said = (
        '["2026-11-24T10:15:00.120000Z","ada","report.released","report 7","Ø",{"a":[1,null],"b":{"c":true,"d":1.5}}]'
    )
    assert digest(details={"b": {"d": 1.5, "c": True}, "a": (1, None)}) == sha256(said.encode()).digest()


@pytest.mark.parametrize(
    "changed",
    [
        {"at": AT + timedelta(microseconds=1)},
        {"actor": "bo"},
        {"action": "report.rejected"},
        {"subject": "report 8"},
        {"reason": ""},
        {"details": {"a": 1}},
        {"actor": "report.released", "action": "ada"},
    ],
)
def test_event_digest_hangs_on_all_that_is_said(changed):
    assert digest(**changed) != digest()


def test_event_digest_is_the_same_in_every_time_zone():
    assert digest(at=AT.astimezone(timezone(timedelta(hours=1)))) == digest()


@pytest.mark.parametrize(("one", "other"), [(12.0, 12), (-0.0, 0), (1e16, 10**16), (1e300, 10**300)])
def test_numbers_that_are_equal_to_the_database_are_equal(one, other):
    assert digest(details={"value": [one]}) == digest(details={"value": [other]})


def test_seal_digest_is_over_fixed_widths():
    sealed = datetime(1970, 1, 1, 0, 0, 1, 2, tzinfo=UTC)
    said = bytes(32) + bytes([*[0] * 7, 1]) + bytes([*[0] * 6, 1, 2]) + (1_000_002).to_bytes(8, "big") + b"d" * 32
    given = {"before": trail.GENESIS, "position": 1, "event": 258, "digest": b"d" * 32, "sealed": sealed}
    assert trail.seal_digest(**given) == sha256(said).digest()
