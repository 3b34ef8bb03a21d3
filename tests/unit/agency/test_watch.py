"""A watched folder: each complete file is sent once and gets its result, also after a kill."""

import base64
import json
import os
import stat
import time

import pytest

from p2p_agency import files, reference, settings
from p2p_agency import watch as watching
from p2p_agency.errors import AwayError
from p2p_agency.outbox import Outbox
from tests.unit.agency.conftest import know
from tests.unit.agency.federation import as_json
from tests.unit.agency.watched import NINE, content, names


def test_each_file_is_sent_once_and_its_result_is_beside_it(started, folder, federation):
    (folder / "a.json").write_text(content())
    (folder / "B.JSON").write_text(content(8))
    watch = started()
    for _ in range(3):
        watch.look()
    assert names(folder) == ["B.JSON", "B.JSON.result.txt", "a.json", "a.json.result.txt"]
    assert (folder / "a.json.result.txt").read_text() == "Accepted: 1 report.\n        1 put into use\n"
    assert len(federation.stored) == 2
    asked = len(federation.asked)
    started().look()
    assert len(federation.asked) == asked


@pytest.mark.parametrize(("ahead", "stored"), [(0, 0), (600, 1)])
def test_file_from_the_future_does_not_wait(started, folder, federation, ahead, stored):
    """By the clock of the federation, which is so many seconds ahead of the machine's."""
    federation.ahead = ahead
    (folder / "a.json").write_text(content())
    saved = time.time() + 390
    os.utime(folder / "a.json", (saved, saved))
    watch = started()
    watch.look()
    result = (folder / "a.json.result.txt").read_text()
    assert ("save it again" in result, len(federation.stored)) == (not stored, stored)
    assert watch._outbox.count() == ({"accepted": 1} if stored else {})


def test_set_up_is_read_again_for_a_file_once_a_minute(started, folder, given, monkeypatch, tmp_path):
    now = 100.0
    monkeypatch.setattr(watching.time, "monotonic", lambda: now)
    watch = started()
    for hour, later, year in ((7, 0, 2026), (8, 50, 2020), (9, 20, 2026)):
        know(tmp_path)
        now += later
        watch.look()
        assert reference.load(given).read_on.year == 2020, "no file has come"
        (folder / f"{hour}.json").write_text(content(hour))
        watch.look()
        assert (reference.load(given).read_on.year > 2020) == (year > 2020)


def test_other_files_are_left_alone(started, folder, federation):
    for name in ("~$a.json", ".a.json", "a.json.part", "notes.txt"):
        (folder / name).write_text(content())
    (folder / "folder.json").mkdir()
    before = names(folder)
    started().look()
    assert (names(folder), federation.stored) == (before, {})


def test_file_that_changes_or_is_open_is_not_complete(started, folder, federation, monkeypatch):
    now = 100.0
    monkeypatch.setattr(watching.time, "monotonic", lambda: now)
    watch = started(quiet=5)
    path = folder / "a.json"
    for hour in range(1, 4):
        path.write_text(content(hour))
        watch.look()
        now += 4.9
        watch.look()
        assert federation.stored == {}
    with path.open("a"):
        now += 10
        watch.look()
        assert (federation.stored == {}) == hasattr(os, "memfd_create"), "Linux knows that it is open"
    watch.look()
    watch.look()
    [stored] = federation.stored.values()
    assert json.loads(stored)["reports"][0]["period"] == "2026-11-24T03:00"


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="only Linux has leases")
def test_file_of_another_user_is_complete_when_it_has_rested_for_longer(started, folder, federation, monkeypatch):
    """The kernel gives no lease on it, so a program may still write it."""
    now = 100.0

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(watching.time, "monotonic", lambda: now)
    monkeypatch.setattr("fcntl.fcntl", refuse)
    watch, path = started(quiet=5), folder / "a.json"
    path.write_text(content(8))
    for _ in range(6):
        watch.look()
        now += 4.9
    with path.open("a") as file:
        file.write(" ")
    watch.look()
    for _ in range(2):
        assert federation.stored == {}
        now += 29
        watch.look()
    assert len(federation.stored) == 1


def test_corrected_file_is_sent_again_and_a_faulty_one_says_why(started, folder, federation):
    watch, path = started(), folder / "a.json"
    path.write_text(content().replace("DOWNLOADS", "UPLOADS"))
    watch.look()
    result = (folder / "a.json.result.txt").read_text()
    assert result.splitlines() == [
        "Refused: 1 fault. Nothing is stored.",
        "  /indicator: An unknown indicator. Use a code from /api/v1/indicators/. [unknown_indicator]",
        f"  Explanation and example: {federation.address}/docs/reference/errors/#unknown_indicator",
    ]
    watch.look()
    assert federation.stored == {}
    path.write_text(content())
    watch.look()
    assert (folder / "a.json.result.txt").read_text().startswith("Accepted")
    path.write_text(content(8))
    watch.look()
    assert len(federation.stored) == 2


@pytest.mark.parametrize("name", ["old.xls", "OLD.XLS", "binary.xlsb", "macros.xlsm"])
def test_workbook_of_another_kind_is_said_once(started, folder, federation, said, name):
    (folder / name).write_bytes(b"\xd0\xcf\x11\xe0")
    started().look()
    started().look()
    result = f"{name} cannot be read. Open it in a spreadsheet program, and save it as .xlsx."
    assert said == [f"{name}: {result}"]
    assert (folder / f"{name}.result.txt").read_text() == f"{result}\n"


def test_file_that_no_reader_expected_has_a_result_and_the_others_are_sent(started, folder, federation, monkeypatch):
    def read(path, *rest, real=files.read):
        return real(path, *rest) if path.name != "b.json" else NINE[99]

    for hour, name in enumerate("abc"):
        (folder / f"{name}.json").write_text(content(hour))
    monkeypatch.setattr(files, "read", read)
    watch = started()
    watch.look()
    watch.look()
    assert len(federation.stored) == 2
    said = (folder / "b.json.result.txt").read_text()
    assert said == "b.json could not be read (IndexError). Save it again, or in another format, such as CSV.\n"


def test_refusal_of_the_federation_is_the_result(started, folder, federation):
    (folder / "a.json").write_text(content())
    federation.problem(422, "invalid_payload")
    watch = started()
    watch.look()
    watch.look()
    assert (folder / "a.json.result.txt").read_text().startswith("Refused: Title [invalid_payload]")
    assert [path for path, _, _ in federation.asked].count("/api/v1/submissions/") == 1


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("call", ["add", "send", "get", "mark_result", "result_stamp"])
def test_killed_before_any_step_it_goes_on(started, folder, federation, monkeypatch, call):
    def die(*_, **__):
        raise Killed

    (folder / "a.json").write_text(content())
    with monkeypatch.context() as patch:
        patch.setattr(Outbox, call, die)
        with pytest.raises(Killed):
            started().look()
    started().look()
    assert len(federation.stored) == 1
    assert (folder / "a.json.result.txt").read_text().startswith("Accepted")


def test_federation_that_is_away_is_said_once_and_waited_for(started, folder, federation, said, monkeypatch):
    (folder / "a.json").write_text(content())
    watch = started()
    federation.answers += [(503, {}, b"{}")] * 2
    watch.look()
    watch.look()
    assert names(folder) == ["a.json"]
    assert len(said) == 2, said
    assert len(federation.answers) == 1, "it does not wait"
    federation.answers.clear()
    later = time.monotonic() + 2
    monkeypatch.setattr(watching.time, "monotonic", lambda: later)
    watch.look()
    assert "a.json.result.txt" in names(folder)


def test_after_a_day_without_the_federation_all_files_arrive_once(started, folder, federation, said, monkeypatch):
    now, attempts = 1000.0, []

    def away(*_):
        attempts.append(now)
        raise AwayError("The network is cut.")

    monkeypatch.setattr(watching.time, "monotonic", lambda: now)
    watch = started(quiet=5)
    with monkeypatch.context() as patch:
        patch.setattr(watch._client, "_send", away)
        for minute in range(24 * 60):
            now += 60
            if minute % 60 == 0:
                (folder / f"{minute // 60:02}.json").write_text(content(minute // 60))
            watch.look()
    assert federation.stored == {}
    assert not list(folder.glob("*.result.txt"))
    assert 24 * 60 / 5 <= len(attempts) <= 24 * 60 / 2
    assert said.count("The network is cut.") == 1
    now += 300
    watch.look()
    periods = [json.loads(one)["reports"][0]["period"] for one in federation.stored.values()]
    assert periods == [f"2026-11-24T{hour:02}:00" for hour in range(24)]
    assert len(list(folder.glob("*.result.txt"))) == 24


def test_new_credential_is_used_without_a_new_start(started, folder, federation, given, said):
    """The message of a refused credential says to run `init`, and nothing else."""
    pair = {"address": given.address, "client_id": given.client_id}
    settings.store(given.path, {**pair, "client_secret": given.client_secret})
    watch = started()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(federation.__dict__, "answer", lambda *_: as_json(401, {"error": "invalid_client"}))
        (folder / "a.json").write_text(content())
        for _ in range(3):
            watch.look()
    assert "then run: p2p-agency init" in said[-1]
    assert federation.stored == {}
    settings.store(given.path, {**pair, "client_id": "NO-KRIPOS.2", "client_secret": "new"})
    watch.look()
    assert len(federation.stored) == 1
    assert "a.json.result.txt" in names(folder)
    assert base64.b64encode(b"NO-KRIPOS.2:new").decode() in federation.asked[0][1]["Authorization"]


def test_program_that_is_started_after_an_outage_tries_at_once(started, folder, federation):
    (folder / "a.json").write_text(content())
    federation.answers += [(503, {"Retry-After": "300"}, b"{}")]
    watch = started()
    watch.look()
    watch.look()
    assert federation.stored == {}
    started().look()
    assert len(federation.stored) == 1


def test_result_is_written_also_if_its_submissions_are_no_longer_in_the_outbox(started, folder, federation, given):
    (folder / "a.json").write_text(content())
    federation.problem(503, "busy")
    watch = started()
    watch.look()
    watch._outbox._run("DELETE FROM submission")
    watch._outbox._next_try = 0.0
    for _ in range(2):
        watch.look()
    assert (folder / "a.json.result.txt").read_text().startswith("Accepted: 1 report.")
    assert len(federation.stored) == 1


def test_result_has_the_mode_of_other_new_files_and_leaves_no_draft(started, folder, federation):
    (folder / "a.json").write_text(content())
    started().look()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert (names(folder), len(modes)) == (["a.json", "a.json.result.txt"], 1)


def test_file_of_the_same_time_and_size_in_its_place_is_another(started, folder, federation):
    watch, path = started(), folder / "a.json"
    path.write_text(content(8))
    then = time.time() - 100
    os.utime(path, (then, then))
    watch.look()
    other = folder / "b"
    other.write_text(content(7))
    os.utime(other, (then, then))
    other.replace(path)
    watch.look()
    assert len(federation.stored) == 2
