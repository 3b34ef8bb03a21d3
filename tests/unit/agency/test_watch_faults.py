"""A watched folder on a bad day: full disks, wrong clocks, odd names, and files that go meanwhile."""

import os
from unittest.mock import Mock

import pytest

from p2p_agency import watch as watching
from p2p_agency.errors import AwayError, MachineError
from p2p_agency.outbox import Outbox
from tests.unit.agency.watched import content, names


def test_wrong_clock_and_full_disk_are_said(started, folder, federation, said, monkeypatch):
    (folder / "a.json").write_text(content())
    federation.ahead = 3600
    watch = started()
    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "add", Mock(side_effect=AwayError("The disk is full.")))
        watch.look()
    assert said == ["The disk is full."]
    watch.look()
    assert len(federation.stored) == 1
    assert sum("clock of this machine is about 1:00:00 behind" in one for one in said) == 1
    watch.look()
    federation.ahead = 0
    (folder / "b.json").write_text(content(8))
    watch.look()
    assert sum("clock of this machine" in one for one in said) == 1


def test_folder_that_cannot_be_written_has_its_results_in_the_log(started, folder, federation, said, monkeypatch):
    (folder / "a.json").write_text(content())
    monkeypatch.setattr(watching, "RESULT", ".txt" * 100)
    started().look()
    assert any("cannot be written" in one for one in said)
    assert any("a.json: Accepted: 1 report." in one for one in said)


@pytest.mark.parametrize("put", [lambda path, other: path.symlink_to(other), lambda path, _: os.mkfifo(path)])
def test_name_that_another_user_has_put_there_is_not_written(started, folder, federation, tmp_path, monkeypatch, put):
    """The name of a draft cannot be guessed. If it is there nevertheless, it is not opened."""
    other = tmp_path / "other"
    other.write_text("precious")
    (folder / "a.json").write_text(content())
    monkeypatch.setattr(watching.secrets, "token_hex", lambda _: "guessed")
    for name in (".guessed.part", ".a.json.result.txt.part"):
        put(folder / name, other)
    started().look()
    assert other.read_text() == "precious"
    assert "a.json.result.txt" not in names(folder)


def test_name_of_a_file_forges_no_line_and_may_be_in_any_encoding(started, folder, federation, said):
    name = b"a\xff\x1b[31m\nAccepted.json"
    with open(bytes(folder) + b"/" + name, "w") as file:  # noqa: PTH123  pathlib takes no octets
        file.write(content())
    for _ in range(2):
        started().look()
    assert len(federation.stored) == 1
    assert os.listdir(bytes(folder)).count(name + b".result.txt") == 1  # noqa: PTH208  the same
    shown = r"a\udcff\x1b[31m\nAccepted.json"
    assert said == [f"{shown} is in the outbox.", f"{shown}: Accepted: 1 report.\n        1 put into use"]


def test_full_disk_says_a_result_once(started, folder, federation, said, monkeypatch):
    (folder / "a.json").write_text(content())
    watch = started()
    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "mark_result", Mock(side_effect=MachineError("The disk is full.")))
        for _ in range(5):
            watch.look()
    watch.look()
    assert said == [
        "a.json is in the outbox.",
        "The disk is full.",
        "a.json: Accepted: 1 report.\n        1 put into use",
    ]


def test_file_that_cannot_be_read_does_not_stop_others(started, folder, federation, said, monkeypatch):
    for hour, name in enumerate("abc"):
        (folder / f"{name}.json").write_text(content(hour))
    (folder / "b.json").unlink()
    (folder / "b.json").symlink_to("/proc/self/mem")
    watch = started()
    watch.look()
    watch.look()
    assert len(federation.stored) == 2
    assert sum("cannot be read" in one for one in said) == 1
    assert "b.json.result.txt" not in names(folder)


def test_file_or_folder_that_goes_meanwhile_stops_nothing(started, folder, federation, said, monkeypatch):
    (folder / "a.json").write_text(content(8))
    (folder / "b.json").write_text(content())
    watch = started()
    with monkeypatch.context() as patch:
        patch.setattr(watching, "_stamp", lambda status, real=watching._stamp: gone(folder / "a.json") or real(status))
        watch.look()
    assert names(folder) == ["b.json", "b.json.result.txt"]
    folder.rename(folder.with_name("away"))
    watch.look()
    assert "No such file" in said[-1]
    folder.mkdir()
    (folder / "c.json").write_text(content(7))
    watch.look()
    assert len(federation.stored) == 2


def gone(path):
    if path.exists():
        path.unlink()
        raise FileNotFoundError
