"""Ctrl-C at chosen moments: the exit code, and what is printed."""

import subprocess
import sys

import pytest

from tests.integration.processes import ROOT

#: Presses Ctrl-C in each of these places while a command runs, or after it has ended.
PRESSES_AT = """
import atexit, os, signal, sys
import click
from p2p_agency.__main__ import main
from p2p_agency.collect.collector import Collector
from p2p_agency.outbox import Outbox
_, settings, command, *places = sys.argv
def press(*_, kill=os.kill, process=os.getpid(), number=signal.SIGINT):
    kill(process, number)
class Last:
    __del__ = press
for place in places:
    if place == "atexit":
        atexit.register(press)
    elif place == "teardown":
        sys.last = Last()
    else:
        owner = {"parse_args": click.Group, "run": Collector, "visible_prompt_func": click.termui}.get(place, Outbox)
        setattr(owner, place, press)
sys.argv[1:] = ["--config", settings, command]
main()
"""


@pytest.mark.parametrize(
    ("command", "places", "code"),
    [
        ("init", ["visible_prompt_func"], 130),
        ("outbox", ["atexit"], 0),
        ("outbox", ["count", "close", "atexit", "teardown"], 130),
        pytest.param("outbox", ["parse_args"], 130, marks=pytest.mark.verify),
        pytest.param("outbox", ["close"], 130, marks=pytest.mark.verify),
        pytest.param("outbox", ["count", "close"], 130, marks=pytest.mark.verify),
        pytest.param("outbox", ["teardown"], 0, marks=pytest.mark.verify),
    ],
)
def test_interruptions_at_any_moment_have_one_exit_code_and_change_no_result(machine, command, places, code):
    line = [sys.executable, "-c", PRESSES_AT, machine, command, *places]
    done = subprocess.run(line, cwd=ROOT / "agency/src", capture_output=True, text=True, check=False)
    said = "Error: Interrupted. Nothing is lost: run the same command again.\n" if code else ""
    assert (done.returncode, done.stderr) == (code, said)


def test_interruptions_of_a_collector_that_counts_are_no_fault(machine, tmp_path):
    with machine.open("a") as file:
        file.write(f'[collect.lines]\npath = "{tmp_path / "lines"}"\n')
    line = [sys.executable, "-c", PRESSES_AT, machine, "collect", "run", "close", "teardown"]
    done = subprocess.run(line, cwd=ROOT / "agency/src", capture_output=True, text=True, check=False)
    assert (done.returncode, "Error" in done.stderr) == (0, False), done.stderr


#: Presses Ctrl-C when Python begins to import a module.
PRESSES = """
import os, signal, sys
_, module, state = sys.argv
class Finder:
    def find_spec(name, *_):
        if name == module:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder)
if state == "ignored":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
from p2p_agency.__main__ import main
sys.argv[1:] = ["--help"]
main()
"""


@pytest.mark.parametrize(
    "module",
    [
        "typing",
        *(pytest.param(name, marks=pytest.mark.verify) for name in ("p2p_agency.cli", "numpy", "p2p_agency.outbox")),
    ],
)
@pytest.mark.parametrize(("state", "code"), [("listens", 130), ("ignored", 0)])
def test_interruption_while_modules_are_imported_shows_no_traceback(module, state, code):
    command = [sys.executable, "-c", PRESSES, module, state]
    done = subprocess.run(command, cwd=ROOT / "agency/src", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (code, "")
