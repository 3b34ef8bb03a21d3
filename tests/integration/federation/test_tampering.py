"""Each row of the audit trail that a superuser changes, removes or adds is found and named."""

import pytest

from federation.audit import chain
from federation.models.audit import AuditEvent
from federation.rules import trail
from tests.integration.federation.trails import faults, run, seal, tamper, write

pytestmark = pytest.mark.django_db

CHANGED = {
    "time": "at = at + interval '1 microsecond'",
    "time out of reach": "at = 'infinity'",
    "actor": "actor = 'bo'",
    "action": "action = 'test.undone'",
    "subject": "subject = 'test 9'",
    "reason": "reason = ''",
    "details": """details = jsonb_set(details, '{b,0}', '1.25')""",
    "details of another kind": "details = '[]'",
    "digest": "digest = sha256('x')",
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
def test_a_changed_event_is_named_and_nothing_else(sealed, change):
    for number in (sealed[2], sealed[6]):
        tamper(f"UPDATE federation_auditevent SET {change} WHERE id = {number}")
    said = "event {} was changed: its digest is not that of what it says"
    assert faults() == [said.format(sealed[2]), said.format(sealed[6])]


def test_an_event_changed_together_with_its_digest_is_found_by_its_seal(sealed):
    event = AuditEvent.objects.get(id=sealed[2])
    said = {name: getattr(event, name) for name in ("at", "actor", "action", "subject", "details")}
    digest = trail.event_digest(**said, reason="another").hex()
    tamper(rf"UPDATE federation_auditevent SET reason = 'another', digest = '\x{digest}' WHERE id = {event.pk}")
    [found] = chain.verify()
    assert (found.flaw, found.event, found.position) == (chain.ChainFlaw.SEAL_WRONG, event.pk, 3)


def test_a_missing_event_is_named(sealed):
    tamper(f"DELETE FROM federation_auditevent WHERE id IN ({sealed[0]}, {sealed[5]}, {sealed[6]})")
    assert faults() == [
        f"event {sealed[0]} is missing: it was sealed at position 1",
        f"event {sealed[5]} is missing: it was sealed at position 6",
        f"event {sealed[6]} is missing: it waits to be sealed",
    ]


def test_an_event_that_got_another_number_is_missing_and_stray(sealed):
    tamper(f"UPDATE federation_auditevent SET id = {sealed[6] + 1} WHERE id = {sealed[3]}")
    assert [(found.flaw, found.event) for found in chain.verify()] == [
        (chain.ChainFlaw.EVENT_MISSING, sealed[3]),
        (chain.ChainFlaw.EVENT_STRAY, sealed[6] + 1),
    ]


def test_events_that_changed_numbers_are_found_by_their_seals(sealed):
    tamper(
        f"UPDATE federation_auditevent SET id = 0 WHERE id = {sealed[1]}",
        f"UPDATE federation_auditevent SET id = {sealed[1]} WHERE id = {sealed[4]}",
        f"UPDATE federation_auditevent SET id = {sealed[4]}, reason = '' WHERE id = 0",
    )
    assert [(found.flaw, found.event) for found in chain.verify()] == [
        (chain.ChainFlaw.SEAL_WRONG, sealed[1]),
        (chain.ChainFlaw.EVENT_CHANGED, sealed[4]),
        (chain.ChainFlaw.SEAL_WRONG, sealed[4]),
    ]


def test_a_missing_event_that_waits_does_not_stop_the_sealer(sealed):
    tamper(f"DELETE FROM federation_auditevent WHERE id = {sealed[6]}")
    write()
    assert seal() == 1
    assert faults() == [f"event {sealed[6]} is missing: it waits to be sealed"]


def test_an_event_put_in_past_the_trigger_is_named(sealed):
    tamper(
        "INSERT INTO federation_auditevent (at, actor, action, subject, reason, details, digest)"
        f" SELECT at, actor, action, subject, reason, details, digest FROM federation_auditevent WHERE id = {sealed[0]}"
    )
    newest = AuditEvent.objects.latest("id").pk
    said = str(chain.ChainFault(chain.ChainFlaw.EVENT_STRAY, event=newest))
    assert faults() == [said]
    seal()
    assert faults() == [said]


def test_an_event_whose_pending_row_was_removed_is_named(sealed):
    run("DELETE FROM federation_auditpending")
    [found] = chain.verify()
    assert (found.flaw, found.event) == (chain.ChainFlaw.EVENT_STRAY, sealed[6])


def test_an_event_that_shall_be_sealed_twice_is_named_and_does_not_stop_the_sealer(sealed):
    run(f"INSERT INTO federation_auditpending VALUES ({sealed[1]})")
    assert seal() == 1
    assert faults() == [f"event {sealed[1]} is sealed and waits to be sealed again"]


def wrong(position, event):
    return (
        f"the seal at position {position}, of event {event}, does not follow from the one before it: "
        "one of these three was changed, moved or put in"
    )


def test_missing_seals_are_named_with_the_events_that_they_sealed(sealed):
    tamper("DELETE FROM federation_auditseal WHERE position IN (2, 3)")
    stray = chain.ChainFlaw.EVENT_STRAY
    assert faults() == [
        "the seals from position 2 to 3 are missing",
        str(chain.ChainFault(stray, event=sealed[1])),
        str(chain.ChainFault(stray, event=sealed[2])),
    ]


def test_missing_seals_at_the_end_leave_events_unsealed(sealed):
    tamper("DELETE FROM federation_auditseal WHERE position > 4")
    assert [found.event for found in chain.verify()] == sealed[4:6]


def test_a_changed_seal_is_named_with_the_one_after_it(sealed):
    tamper("UPDATE federation_auditseal SET digest = sha256('x') WHERE position = 3")
    assert faults() == [wrong(3, sealed[2]), wrong(4, sealed[3])]


def test_a_seal_that_says_another_time_is_named(sealed):
    tamper("UPDATE federation_auditseal SET sealed = sealed - interval '1 day' WHERE position = 3")
    tamper("UPDATE federation_auditseal SET sealed = 'infinity' WHERE position = 5")
    assert faults() == [wrong(3, sealed[2]), wrong(5, sealed[4])]


def test_seals_that_changed_places_are_named(sealed):
    tamper(
        "UPDATE federation_auditseal SET position = 99 WHERE position = 2",
        "UPDATE federation_auditseal SET position = 2 WHERE position = 4",
        "UPDATE federation_auditseal SET position = 4 WHERE position = 99",
    )
    assert [found.position for found in chain.verify()] == [2, 3, 4, 5]


def test_an_event_and_its_seal_that_were_taken_out_without_a_gap_are_found(sealed):
    tamper(
        f"DELETE FROM federation_auditevent WHERE id = {sealed[2]}",
        "DELETE FROM federation_auditseal WHERE position = 3",
        "UPDATE federation_auditseal SET position = -position WHERE position > 3",
        "UPDATE federation_auditseal SET position = -position - 1 WHERE position < 0",
    )
    assert [(found.flaw, found.position) for found in chain.verify()] == [
        (chain.ChainFlaw.SEAL_WRONG, position) for position in (3, 4, 5)
    ]


@pytest.mark.parametrize(("position", "found"), [(-1, [-1]), (0, [0]), (7, [7]), (9, [7])])
def test_a_seal_that_was_put_in_is_named(sealed, position, found):
    run(f"INSERT INTO federation_auditseal VALUES ({position}, {sealed[6]}, sha256('x'), now())")
    run("DELETE FROM federation_auditpending")
    assert [fault.position for fault in chain.verify()] == found


def test_rebuilt_chain_does_not_contain_an_earlier_head(sealed):
    noted = chain.head()
    event = AuditEvent.objects.get(id=sealed[2])
    said = {name: getattr(event, name) for name in ("at", "actor", "action", "subject", "details")}
    digest = trail.event_digest(**said, reason="another").hex()
    tamper(
        rf"UPDATE federation_auditevent SET reason = 'another', digest = '\x{digest}' WHERE id = {event.pk}",
        "TRUNCATE federation_auditseal",
        "INSERT INTO federation_auditpending SELECT id FROM federation_auditevent ON CONFLICT DO NOTHING",
    )
    seal()
    assert faults() == []
    assert not chain.holds(position=noted.position, digest=noted.digest)


def test_growing_chain_still_contains_earlier_heads(sealed):
    noted = chain.head()
    seal()
    assert chain.head().position == noted.position + 1
    assert chain.holds(position=noted.position, digest=noted.digest)
    assert chain.holds(position=0, digest=trail.GENESIS)
    assert not chain.holds(position=99, digest=noted.digest)
    assert not chain.holds(position=0, digest=noted.digest)


def test_verification_reports_progress_for_each_seal(sealed, monkeypatch):
    walked = []
    assert list(chain.verify(progress=walked.append)) == []
    assert sum(walked) == 6
