"""Some thousand cases in each run, the cases that once failed, and a check that the judges notice faults."""

import json
from pathlib import Path

import pytest

from p2p_core.payloads import checks, csv_plain, faults, json_object
from tests.fuzz import running
from tests.fuzz.kinds import KINDS
from tests.fuzz.running import Found

SEED = 20261125
FOUND_ONCE = sorted(path for path in Path(__file__).with_name("cases").iterdir() if path.suffix[1:] in KINDS)


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.verify) for part in (1, 2, 3))])
def test_each_input_is_read_as_the_second_reader_reads_it(part):
    tally = running.run(SEED, range(part * 1500, (part + 1) * 1500))
    for kind, words in tally.words.items():
        assert words["accepted"], kind
        assert kind == "twins" or len(words) > 1, kind


@pytest.mark.parametrize("path", FOUND_ONCE, ids=lambda path: path.name)
def test_what_was_found_once(path):
    for turn in range(40):
        running.judge_content(path.suffix[1:], path.read_bytes(), f"{path.name} {turn}")


def test_cases_are_the_same_again():
    first, again = ([running.content_of(7, kind, 3) for kind in KINDS] for _ in range(2))
    assert first == again
    assert first != [running.content_of(8, kind, 3) for kind in KINDS]


# --- the judges see what is broken -----------------------------------------------------------------------------------


def finds(kind, cases=3000):
    """Say whether a break is found among the cases of a kind."""
    for number in range(cases):
        try:
            running.judge(SEED, kind, number)
        except Found:
            return True
    return False


def test_judges_see_duplicates_let_through(monkeypatch):
    monkeypatch.setattr(json_object.JsonObject, "_refuse_duplicates", lambda *_: None)
    assert finds("json")


def test_judges_see_a_range_that_is_not_checked(monkeypatch):
    monkeypatch.setattr(checks, "MAX_VALUE", 2**40)
    assert finds("csv")


def test_judges_see_a_block_that_ends_in_mid_row(monkeypatch):
    monkeypatch.setattr(csv_plain, "_blocks", blocks_of_any_end)
    assert finds("csv")


def blocks_of_any_end(body, start):
    while start < len(body):
        end = body.rfind(b"\n", start, start + csv_plain._BLOCK) + 1 or len(body)
        yield bytes(body[start:end])
        start = end + 1


def test_judges_see_a_value_that_is_no_number_taken(monkeypatch):
    read = json_object._value
    monkeypatch.setattr(
        json_object, "_value", lambda text: 0 if text.strip() in (b"1.0", b"17.5", b"1e0") else read(text)
    )
    assert finds("json", 6000)


def test_judges_see_what_was_sent_come_back(monkeypatch):
    def add(self, pointer, code, sent=None):
        self.count += 1
        self.listed.append(faults.Fault(f"{pointer}/{json.dumps(sent, default=str)[:80]}", code))

    monkeypatch.setattr(faults.Faults, "add", add)
    assert finds("json")


def test_judges_see_an_accident(monkeypatch):
    monkeypatch.setattr(csv_plain.Block, "values", lambda *_: 1 // 0)
    assert finds("csv", 50)


def test_judges_see_a_case_that_hangs(monkeypatch):
    monkeypatch.setattr(running, "PATIENCE", 0.2)
    monkeypatch.setattr(checks, "period", lambda *_: spin())
    with pytest.raises(Found, match="Hanging"):
        running.run(SEED, range(100))


def spin():
    while True:
        pass
