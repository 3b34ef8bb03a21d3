"""The order that a random value gives to countries."""

import re
import subprocess
import sys
from itertools import permutations
from pathlib import Path

import pytest

from countries.models import drawn_order

ROOT = Path(__file__).parents[3]
NORDIC = ["DK", "FI", "NO", "SE"]


def digest(text):
    """The SHA-256 of a text by another program."""
    found = subprocess.run(["sha256sum"], input=text.encode(), capture_output=True, check=True)
    return found.stdout.split()[0].decode()


@pytest.mark.parametrize("value", ["3, 17, 22, 25, 30", "Ærø 日本", "9f86d081884c7d659a2feaa0c55ad015"])
def test_order_is_that_of_the_digests_of_value_and_code(value):
    order = drawn_order(value, NORDIC)
    assert sorted(order) == NORDIC
    digests = [digest(f"{value} {code}") for code in order]
    assert digests == sorted(digests)


def test_order_does_not_depend_on_the_order_of_the_list():
    assert len({tuple(drawn_order("17", codes)) for codes in permutations(NORDIC)}) == 1


def test_each_order_is_as_likely_as_another():
    firsts = [drawn_order(str(value), NORDIC)[0] for value in range(2000)]
    # 500 on average, with a standard deviation of 19.
    assert all(400 < firsts.count(code) < 600 for code in NORDIC)


def test_example_in_the_guide_prints_the_order():
    guide = (ROOT / "docs/how-to/coordinate.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    found = subprocess.run([sys.executable, "-c", example], capture_output=True, check=True, text=True)
    assert found.stdout == f"{drawn_order('2, 9, 11, 17, 23, 28, 33', ['DK', 'NO', 'SE'])}\n"


def test_there_is_no_order_before_the_value():
    assert drawn_order("", NORDIC) == []
