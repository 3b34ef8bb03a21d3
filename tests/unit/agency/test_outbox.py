"""The outbox loses and doubles nothing: killed at each step, with the federation away, the disk full, clocks wrong."""

import contextlib
import gzip
import json
import multiprocessing
import sqlite3
import stat
import time
from itertools import count

import pytest

from p2p_agency import outbox as outboxes
from p2p_agency.client import Client
from p2p_agency.errors import AwayError, MachineError, SetUpError
from p2p_agency.outbox import Outbox
from tests.unit.agency.federation import federation_is_away, submission


def states(outbox):
    return {one.key: one.state for one in outbox.in_state("waiting", "accepted", "refused")}


class Killed(BaseException):
    """The process ends here."""


def kill_at(monkeypatch, step):
    """End the process before or after any access to the disk or to the federation: at this step."""
    steps = count()

    def dying(function):
        def die_around(*arguments, **named):
            if next(steps) == step:
                raise Killed
            result = function(*arguments, **named)
            if next(steps) == step:
                raise Killed
            return result

        return die_around

    monkeypatch.setattr(Outbox, "_run", dying(Outbox._run))
    monkeypatch.setattr(Client, "_send", dying(Client._send))


def test_killed_at_any_step_the_federation_has_each_submission_once(given, federation, monkeypatch):
    def run():
        outbox = Outbox(given.outbox)
        try:
            outbox.add(submission())
            outbox.send(Client(given), at_once=True)
        finally:
            # A killed process commits nothing on its way out, and neither does this.
            outbox.close()

    killed = 0
    for step in count():
        given.outbox.unlink(missing_ok=True)
        federation.stored.clear()
        with monkeypatch.context() as patch:
            kill_at(patch, step)
            try:
                run()
            except Killed:
                killed += 1
            else:
                break
        run()
        assert [*federation.stored.values()] == [submission()], step
        outbox = Outbox(given.outbox)
        assert set(states(outbox).values()) == {"accepted"}, step
        outbox.close()
    assert killed > 10


def test_key_follows_from_the_content_and_is_stored_once(outbox, client, federation):
    first = outbox.add(submission())
    assert outbox.add(submission()) == first
    assert outbox.add(submission(1)) != first
    assert outbox.count() == {"waiting": 2}
    outbox.send(client)
    assert outbox.add(submission()) == first
    assert outbox.count() == {"accepted": 2}
    assert all(
        key == headers["Idempotency-Key"]
        for key, (_, headers, _) in zip(states(outbox), posts(federation), strict=True)
    )


def posts(federation):
    return [one for one in federation.asked if one[0] == "/api/v1/submissions/"]


def test_only_its_owner_may_read_it(outbox, given):
    outbox.add(submission())
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in given.outbox.parent.glob("outbox*")}
    assert modes == {"outbox.sqlite": 0o600, "outbox.sqlite-wal": 0o600, "outbox.sqlite-shm": 0o600}


def test_second_connection_of_a_process_leaves_the_first_one_its_locks(outbox, given):
    Outbox(given.outbox).close()
    # The last connection to a database deletes its log. The other process must not take its own for the last.
    other = multiprocessing.get_context("spawn").Process(target=open_and_close, args=(given.outbox,))
    other.start()
    other.join()
    assert other.exitcode == 0
    outbox.add(submission())
    with contextlib.closing(sqlite3.connect(given.outbox)) as database:
        assert database.execute("SELECT count(*) FROM submission").fetchone() == (1,)


def open_and_close(path):
    Outbox(path).close()


def test_each_step_is_on_the_disk_before_the_next(outbox):
    assert outbox._run("PRAGMA synchronous") == [(2,)]
    assert outbox._run("PRAGMA journal_mode") == [("wal",)]


NOT_ITS_FAULT = [
    *((503, "busy"), (503, "not_stored"), (429, "throttled"), (500, "internal_error")),
    *((401, "invalid_token"), (403, "network_not_allowed"), (409, "signature_replayed")),
    *((403, "signature_key_unknown"), (400, "signature_malformed"), (400, "content_digest_unsupported")),
]


@pytest.mark.parametrize(("status", "code"), NOT_ITS_FAULT)
def test_what_is_not_the_fault_of_the_submission_leaves_it_waiting(outbox, client, federation, status, code):
    outbox.add(submission())
    for _ in range(1 + (status == 401)):
        federation.problem(status, code)
    with pytest.raises(outboxes.AgencyError):
        outbox.send(client)
    assert outbox.count() == {"waiting": 1}
    outbox.send(client, at_once=True)
    assert outbox.count() == {"accepted": 1}


@pytest.mark.parametrize(("status", "code"), [(422, "invalid_payload"), (413, "too_many_reports"), (400, "not_json")])
def test_refused_submission_is_told_once_and_does_not_stop_others(outbox, client, federation, status, code):
    federation.problem(status, code)
    first, second = outbox.add(submission(0)), outbox.add(submission(1))
    told = []
    outbox.send(client, on_settled=told.append)
    assert [(one.key, one.state) for one in told] == [(first, "refused"), (second, "accepted")]
    assert told[0].answer["code"] == code
    outbox.send(client)
    assert len(posts(federation)) == 2
    # The reason may have gone, for example if a new indicator was added.
    outbox.add(submission(0))
    outbox.send(client)
    assert outbox.count() == {"accepted": 2}


def fault(code):
    return {"pointer": "/prepared", "code": code, "title": "A fault", "detail": "Set your clock."}


@pytest.mark.parametrize("ahead", [-600, 600])
def test_submission_from_the_future_waits_while_the_clocks_differ(outbox, client, federation, ahead):
    faults = [fault("prepared_in_future"), fault("period_not_ended")]
    federation.ahead = ahead
    outbox.add(submission(0))
    outbox.add(submission(1))
    federation.problem(422, "invalid_payload", errors=faults, error_count=2)
    with pytest.raises(MachineError, match=r"from the future\. The clock of this machine is about 0:10:00"):
        outbox.send(client)
    assert outbox.count() == {"waiting": 1, "accepted": 1}, "it does not stop others"
    federation.problem(422, "invalid_payload", errors=faults, error_count=3)
    outbox.send(client, at_once=True)
    assert outbox.count() == {"refused": 1, "accepted": 1}, "another fault does not go away"


def test_submission_from_the_future_is_refused_while_the_clocks_agree(outbox, client, federation):
    """If it waited, it would one day replace its correction. If it is sent once more, later, it is accepted."""
    outbox.add(submission())
    federation.problem(422, "invalid_payload", errors=[fault("prepared_in_future")], error_count=1)
    outbox.send(client)
    assert outbox.count() == {"refused": 1}
    outbox.add(submission())
    outbox.send(client)
    assert outbox.count() == {"accepted": 1}


def test_attempts_become_rarer_until_one_succeeds(outbox, client, federation, monkeypatch):
    now = 1_800_000_000.0
    monkeypatch.setattr(outboxes.time, "monotonic", lambda: now)
    outbox.add(submission())
    pauses = []
    for _ in range(14):
        federation.problem(503, "busy")
        with pytest.raises(AwayError):
            outbox.send(client)
        asked = len(federation.asked)
        outbox.send(client)
        assert len(federation.asked) == asked, "it did not wait"
        pauses.append(outbox.wait_left())
        now += pauses[-1] + 0.001
    assert all(2**number / 2 <= pause <= 2**number for number, pause in enumerate(pauses[:8]))
    assert all(150 <= pause <= 300 for pause in pauses[9:])
    assert len({round(pause, 3) for pause in pauses[9:]}) == 5, "agencies would all come at once"
    outbox.send(client)
    assert (outbox.count(), outbox.wait_left()) == ({"accepted": 1}, 0)


def test_it_waits_as_long_as_the_federation_asks(outbox, client, federation):
    outbox.add(submission())
    federation.answers.append((503, {"Retry-After": "37"}, b"{}"))
    with pytest.raises(AwayError):
        outbox.send(client)
    assert 30 < outbox.wait_left() <= 37


def test_clock_that_is_set_back_does_not_stop_it(outbox, client, federation, monkeypatch):
    outbox.add(submission())
    federation.problem(503, "busy")
    with monkeypatch.context() as patch:
        tomorrow = time.time() + 86_400
        patch.setattr(outboxes.time, "time", lambda: tomorrow)
        with pytest.raises(AwayError):
            outbox.send(client)
    assert outbox.wait_left() <= 1


@pytest.mark.parametrize("hours", [3, pytest.param(24, marks=pytest.mark.verify)])
def test_after_a_day_without_the_federation_all_arrives_in_order(outbox, client, federation, monkeypatch, hours):
    now = 1_800_000_000.0
    monkeypatch.setattr(outboxes.time, "monotonic", lambda: now)
    attempts = federation_is_away(client)
    for minute in range(hours * 60):
        now += 60
        if minute % 30 == 0:
            outbox.add(submission(minute // 30))
        with contextlib.suppress(AwayError):
            outbox.send(client)
    assert hours * 60 / 5 <= len(attempts) <= hours * 60 / 2
    del client._send
    now += 300
    outbox.send(client)
    assert list(federation.stored.values()) == [submission(number) for number in range(2 * hours)]


def test_submission_that_breaks_the_federation_does_not_stop_others(outbox, client, federation):
    outbox.add(submission(0))
    federation.problem(500, "internal_error")
    later = [outbox.add(submission(number)) for number in range(1, 4)]
    told = []
    with pytest.raises(AwayError):
        outbox.send(client, on_settled=lambda one: told.append(one.key))
    assert {key for key, state in states(outbox).items() if state == "accepted"} == set(later) == set(told)
    assert outbox.wait_left() > 0


def test_what_the_federation_lacks_after_a_restore_is_sent_again(outbox, client, federation):
    keys = [outbox.add(submission(number)) for number in range(5)]
    outbox.send(client)
    for key in keys[3:]:
        del federation.stored[key]
    assert outbox.compare(client) == keys[3:]
    outbox.send(client)
    assert list(federation.stored) == keys
    assert outbox.compare(client) == []


def test_broken_comparison_changes_nothing(outbox, client, federation):
    outbox.add(submission())
    outbox.send(client)
    page = {"submissions": [], "next": f"{federation.address}/api/v1/submissions/?since=x&cursor=abc"}
    federation.answers.append((200, {}, json.dumps(page).encode()))
    federation.problem(503, "busy")
    with pytest.raises(AwayError):
        outbox.compare(client)
    assert outbox.count() == {"accepted": 1}
    assert "cursor=abc" in federation.asked[-1][0]


def test_what_was_meant_for_one_federation_goes_to_no_other(outbox, client, federation):
    outbox.add(submission())
    outbox.send(client)
    client.address = "https://another.example"
    for act in (outbox.send, outbox.compare):
        with pytest.raises(SetUpError, match=r"belongs to http://127.*, with --config, or an outbox of its own"):
            act(client)
    assert len(posts(federation)) == 1


def _send_all(given, barrier):
    outbox = Outbox(given.outbox)
    for number in range(20):
        outbox.add(submission(number))
    barrier.wait()
    outbox.send(Client(given))
    outbox.close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_two_processes_share_an_outbox(given, federation):
    spawning = multiprocessing.get_context("fork")
    barrier = spawning.Barrier(2)
    both = [spawning.Process(target=_send_all, args=(given, barrier)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [one.exitcode for one in both] == [0, 0]
    outbox = Outbox(given.outbox)
    assert outbox.count() == {"accepted": 20}
    outbox.close()
    assert len(federation.stored) == 20
    # Each takes up what the other has not.
    assert len(posts(federation)) <= 25


def test_full_disk_is_said_and_what_is_there_stays(given, client, federation):
    outbox = Outbox(given.outbox)
    key = outbox.add(submission(0))
    [(pages,)] = outbox._run("PRAGMA page_count")
    outbox._run(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(MachineError, match=r"full.*free space"):
        outbox.add(submission(1, filler=[*range(100_000)]))
    outbox._run("PRAGMA max_page_count = 1000000")
    assert [one.key for one in outbox.get([key])] == [key]
    outbox.send(client)
    assert set(outbox.count()) == {"accepted"}
    outbox.close()


def test_damaged_outbox_is_said(given):
    given.outbox.write_bytes(b"no database" * 1000)
    with pytest.raises(MachineError, match=r"not a database.* Move the file to another folder, and send"):
        Outbox(given.outbox)


def test_stored_submission_is_what_was_given(outbox, given):
    outbox.add(submission())
    with contextlib.closing(sqlite3.connect(given.outbox)) as database:
        [(packed,)] = database.execute("SELECT packed FROM submission").fetchall()
    assert gzip.decompress(packed) == submission()
