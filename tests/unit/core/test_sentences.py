"""The sentences of findings can be read without knowing a code."""

from datetime import UTC, datetime, timedelta

import pytest

from p2p_core.codes import COUNTRIES, NETWORKS
from p2p_core.rules.rulebook import say

TWO = datetime(2026, 11, 3, 14, tzinfo=UTC)
DAY = datetime(2026, 11, 3, tzinfo=UTC)
WEEK = datetime(2026, 11, 23, tzinfo=UTC)
MONTH = datetime(2026, 11, 1, tzinfo=UTC)
MISMATCH = {
    "value": 1204,
    "finer": 1180,
    "finer_frequency": "H",
    "cells": 3,
    "country": "NO",
    "network": "BITTORRENT",
    "reported": 17,
    "summed": 12,
}
MIX = {
    "value": 600,
    "others": 9000,
    "distance": 0.4,
    "countries": [{"country": "NO", "own": 0.61, "others": 0.2}, {"country": "_U", "own": 0.0, "others": 0.052}],
}


#: A rule, the frequency of the periods, the first and the last of them, facts, and the sentence.
SENTENCES = [
    (
        "R101", "D", DAY, DAY, MISMATCH,
        ("Tuesday 3 November 2026 was reported as 1,204, but its hours add up to 1,180. "
        "3 cells differ, most of all: Norway, BitTorrent, 17 against 12."),
    ),
    (
        "R101", "H", TWO, TWO,
        MISMATCH | {"finer": 1204, "finer_frequency": "N", "cells": 1, "country": "_U", "network": "_U"},
        ("Hour 14:00 on 3 November 2026 was reported as 1,204. Its minutes have the same total, but not the same "
        "cells. 1 cell differs: an unknown country, an unknown network, 17 against 12."),
    ),
    (
        "R102", "H", TWO, TWO, {"value": 1204, "usual": 96.0},
        "Hour 14:00 on 3 November 2026 is 12 times the usual for a Tuesday afternoon: 1,204 against 96.",
    ),
    (
        "R102", "D", DAY, DAY, {"value": 249, "usual": 100.5},
        "Tuesday 3 November 2026 is 2.4 times the usual for a Tuesday: 249 against 100.5.",
    ),
    (
        "R102", "M", MONTH, MONTH, {"value": 36_000, "usual": 3_000.0, "values_frequency": "W"},
        "November 2026 is 12 times the usual for a month: 36,000 against 3,000.",
    ),
    (
        "R102", "N", TWO, TWO, {"value": 1204, "reported": 1200, "usual": 96.0, "whole_frequency": "H"},
        ("Minute 14:00 on 3 November 2026 brings its hour to 12 times the usual for a Tuesday afternoon: "
        "1,204 against 96."),
    ),
    (
        "R102", "N", TWO, TWO + timedelta(minutes=2),
        {"value": 300, "reported": 300, "usual": 0.0, "whole_frequency": "D"},
        ("Minutes 14:00 to 14:02 on 3 November 2026 are far from the usual. "
        "The first brings its hour far above the usual for a whole Tuesday: 300 against 0."),
    ),
    (
        "R102", "H", TWO, TWO, {"value": 1204, "usual": 96.0, "whole_frequency": "D"},
        "Hour 14:00 on 3 November 2026 is 12 times the usual for a whole Tuesday: 1,204 against 96.",
    ),
    (
        "R102", "D", DAY, DAY, {"value": 36_000, "usual": 3_000.0, "values_frequency": "M", "whole_frequency": "M"},
        "Tuesday 3 November 2026 is 12 times the usual for a whole month: 36,000 against 3,000.",
    ),
    (
        "R102", "H", TWO, TWO + timedelta(hours=4), {"value": 3, "usual": 960.0},
        ("Hours 14:00 to 18:00 on 3 November 2026 are far from the usual. "
        "The first is far below the usual for a Tuesday afternoon: 3 against 960."),
    ),
    (
        "R102", "H", TWO.replace(hour=5), TWO.replace(hour=5), {"value": 300, "usual": 0.0},
        "Hour 05:00 on 3 November 2026 is far above the usual for a Tuesday night: 300 against 0.",
    ),
    (
        "R102", "D", DAY, DAY, {"value": 149_999, "usual": 100_000.0},
        "Tuesday 3 November 2026 is far above the usual for a Tuesday: 149,999 against 100,000.",
    ),
    (
        "R103", "D", DAY, DAY, {"value": 1204, "before": 100, "share": 11.04},
        "A late revision changed Tuesday 3 November 2026 from 100 to 1,204, by 1,104 %.",
    ),
    (
        "R103", "M", DAY.replace(day=1), DAY.replace(day=1), {"value": 204, "before": 0, "share": None},
        "A late revision changed November 2026 from 0 to 204.",
    ),
    (
        "R103", "H", TWO, TWO, {"value": 10_540, "before": 10_000, "share": 0.054},
        "A late revision changed hour 14:00 on 3 November 2026 from 10,000 to 10,540, by 5.4 %.",
    ),
    (
        "R104", "H", TWO, TWO, {"value": 512},
        "Hour 14:00 on 3 November 2026 repeats the period before it, cell by cell: 512 in all.",
    ),
    (
        "R105", "D", DAY, DAY, {"value": 1000, "unlocated": 340, "share": 0.34},
        "Tuesday 3 November 2026 has 34 % that could not be located: 340 of 1,000.",
    ),
    (
        "R106", "H", TWO, TWO, {"revisions": 21},
        "Hour 14:00 on 3 November 2026 was revised 21 times after it had ended.",
    ),
    (
        "R201", "H", TWO, TWO, {"periods": 1},
        "Hour 14:00 on 3 November 2026 has no figure, and its deadline has passed.",
    ),
    (
        "R201", "D", DAY, DAY + timedelta(days=1), {"periods": 2},
        "Days 3 November 2026 to 4 November 2026 have no figure, and their deadlines have passed.",
    ),
    (
        "R202", "H", TWO, TWO + timedelta(hours=34), {"periods": 35},
        "Silent for 35 hours. Hours 14:00 on 3 November 2026 to 00:00 on 5 November 2026 have no figure.",
    ),
    (
        "R202", "M", datetime(2026, 9, 1, tzinfo=UTC), DAY.replace(day=1), {"periods": 3},
        "Silent for 3 months. Months September 2026 to November 2026 have no figure.",
    ),
    (
        "R301", "W", WEEK, WEEK, MIX,
        ("In week 48 of 2026, the agency's shares of countries differ from those of all other agencies together: "
        "Norway 61 % against 20 %, an unknown country 0.0 % against 5.2 %. "
        "The agency has 600 events, the others have 9,000."),
    ),
    (
        "R301", "W", WEEK, WEEK, MIX | {"source": "A table", "edition": "2026-09-01", "others_elsewhere": 0.75},
        ("In week 48 of 2026, the agency's shares of countries differ from those of all other agencies together: "
        "Norway 61 % against 20 %, an unknown country 0.0 % against 5.2 %. "
        "The agency has 600 events, the others have 9,000. "
        "The agency's source of locations is A table of 2026-09-01; "
        "75 % of the other agencies use another source."),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "frequency", "period", "last", "facts", "sentence"), SENTENCES)
def test_a_finding_has_a_sentence(rule, frequency, period, last, facts, sentence):
    assert say(rule, frequency, period, last, facts) == sentence


def test_the_parts_of_a_day_are_those_of_a_person():
    said = [say("R102", "H", TWO.replace(hour=h), TWO.replace(hour=h), {"value": 1, "usual": 9.0}) for h in range(24)]
    parts = [one.split(" Tuesday ")[1].split(":")[0] for one in said]
    assert parts == ["night"] * 6 + ["morning"] * 6 + ["afternoon"] * 6 + ["evening"] * 6


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_country_has_a_name(country):
    assert country not in say("R101", "D", DAY, DAY, MISMATCH | {"country": country}).split(": ")[-1]


@pytest.mark.parametrize("network", NETWORKS)
def test_every_network_has_a_name(network):
    assert network not in say("R101", "D", DAY, DAY, MISMATCH | {"network": network})
