"""The script of docs/how-to/recompute-effect.md gets the published numbers again, from published counts only."""

import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from countries import reference
from federation.database import clock
from federation.rules.effect_result import Result, Word
from p2p_core import codes, periods
from tests import reporting
from tests.contract.public import interventions
from tests.contract.public.interventions import AFTER, BEFORE, OTHERS, SPAN, counts, intervention, view
from tests.factories import AgencyFactory, DetailFactory, IndicatorFactory
from tests.integration.processes import ROOT

SCRIPT = ROOT / "docs/how-to/recompute_effect.py"
NOTHING = Result(weeks=26, months=24, agencies=[], excluded=[])


def run(*arguments, folder):
    """Run the script where it cannot import anything of the project."""
    command = [sys.executable, "-I", SCRIPT, *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=120)


@pytest.fixture
def again(client, tmp_path):
    """Runs the script on two files: the effect, perhaps changed by a function, and the counts that it needs."""

    def ask(made, change=None):
        answer = client.get(f"/api/v1/effects/{made.pk}/").json()
        effect = answer["effect"]
        if change:
            change(answer)
        given = f"network={','.join(effect['networks'])}" if effect["networks"] else "panel=24"
        weeks = interventions.labels()
        address = f"/api/v1/aggregates/?indicator=DOWNLOADS&frequency=W&country=*&format=csv&{given}"
        table = client.get(f"{address}&start={weeks[0]}&end={weeks[-1]}&as_of={effect['estimate']['known_at']}")
        (tmp_path / "effect.json").write_text(json.dumps(answer))
        (tmp_path / "weeks.csv").write_bytes(b"".join(table))
        return run("effect.json", "weeks.csv", folder=tmp_path)

    return ask


@pytest.fixture
def compared(press):
    """The panel in which the treated country changes."""
    agencies = [AgencyFactory.create(code=code).pk for code in ("NO-KRIPOS", "SE-NOA")]
    press.compare(24, "W", SPAN, agencies, view(counts()))
    return press


def assert_same(client, made, ran):
    assert ran.stderr == b""
    assert ran.returncode == 0
    assert ran.stdout == client.get(f"/api/v1/effects/{made.pk}/?format=csv").content
    assert ran.stdout.count(b"\r\n") > 1


def test_script_gets_every_number_again(compared, client, again):
    made = intervention(draw=interventions.draw())
    interventions.estimate(compared, made, counts())
    assert_same(client, made, again(made))


def test_script_gets_an_estimate_again_that_is_not_over(compared, client, again):
    made = intervention()
    interventions.estimate(compared, made, counts()[:, : BEFORE + 7], Word.RUNNING)
    assert_same(client, made, again(made))


def test_script_adds_treated_countries_up_and_takes_named_comparison_countries(compared, client, again):
    treated, compared_with = ["NO", OTHERS[0]], OTHERS[1:22]
    made = intervention(countries=treated, comparison=compared_with)
    values = counts()
    together = np.vstack([values[:2].sum(axis=0), values[2:23]])
    interventions.estimate(compared, made, together, names=compared_with)
    assert_same(client, made, again(made))


def test_script_reads_networks_where_the_intervention_names_some(press, client, again):
    first, second = counts(3), counts(4)
    weeks = view(first, "/BITTORRENT")
    for label, more in view(second, "/ARES").items():
        # The total, and other networks, do not count.
        weeks[label] |= more | {"NO": 9995, "NO/EDONKEY": 9000}
    press.publish("W", weeks)
    made = intervention(networks=["BITTORRENT", "ARES"])
    interventions.estimate(press, made, first + second, months=0)
    assert_same(client, made, again(made))


def test_script_leaves_out_countries_that_are_withheld_small_or_unknown(press, client, again):
    left_out, small = OTHERS[0], OTHERS[1]
    DetailFactory.create(country__code=left_out, valid_from=date(2026, 1, 1), step="M", network_step="M")
    values = counts()
    values[2] = 5 * (np.arange(BEFORE + AFTER) % 10 == 0)
    weeks = view(values)
    for cells in weeks.values():
        cells |= {"_U": 400}
    press.compare(24, "W", SPAN, [AgencyFactory.create().pk], weeks)
    made = intervention()
    interventions.estimate(press, made, values[[0, *range(3, len(values))]], names=OTHERS[2:])
    ran = again(made)
    assert f",{left_out},".encode() not in ran.stdout
    assert f",{small},".encode() not in ran.stdout
    assert_same(client, made, ran)


def test_script_marks_invented_numbers(compared, client, again):
    AgencyFactory.create(code="DK-NSK", invented=True)
    made = intervention()
    interventions.estimate(compared, made, counts())
    ran = again(made)
    assert ran.stdout.splitlines()[0].endswith(b",INVENTED")
    assert_same(client, made, ran)


@pytest.mark.parametrize("invented", [False, True])
def test_script_has_nothing_to_compute_if_it_cannot_be_told(compared, client, again, invented):
    AgencyFactory.create(code="DK-NSK", invented=invented)
    made = intervention()
    interventions.store(compared, made, Word.CANNOT_BE_TOLD, NOTHING, reason="few_comparisons")
    ran = again(made)
    assert (ran.returncode, ran.stderr, ran.stdout.count(b"\r\n")) == (0, b"", 1)
    assert ran.stdout == client.get(f"/api/v1/effects/{made.pk}/?format=csv").content


def test_interval_without_bounds_is_cut_and_recomputed(press, client, again):
    """A steady country falls to nothing, which is a change of an enormous size."""
    values = np.full((1 + len(OTHERS), BEFORE + AFTER), 20_000)
    values[0] += np.arange(BEFORE + AFTER) % 7 * 1000
    values[5, BEFORE:] = 0
    press.compare(24, "W", interventions.SPAN, [1, 2], interventions.view(values))
    made = intervention()
    interventions.estimate(press, made, values, Word.NOT_FOUND)
    ran = again(made)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert_same(client, made, ran)
    for address in ("/effects/", f"/effects/{made.pk}/", "/api/v1/effects/"):
        assert client.get(address).status_code == 200


def _set(*path, value):
    def change(answer):
        for name in path[:-1]:
            answer = answer[name]
        answer[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_set("effect", "word", value="not_found"), "word"),
        (_set("effect", "direction", value="more"), "word"),
        (_set("effect", "estimate", "rank", value=2), "estimate"),
        (_set("effect", "estimate", "of", value=26), "estimate"),
        (_set("effect", "estimate", "low_percent", value=-60.0), "estimate"),
        (_set("effect", "units", 3, "before", value=5), "units"),
        (_set("effect", "units", 0, "size", value=0.000000001), "units"),
        (_set("effect", "over_time", 4, "high", value=0.1), "over_time"),
        (_set("effect", "lines", "units", 2, "changes", 9, value=0.0), "lines"),
        (_set("effect", "comparison", value=OTHERS[:21]), "units"),
        (lambda answer: answer["draws"][0]["order"].reverse(), "draw"),
        (_set("draws", 0, "value", value="another value"), "draw"),
    ],
)
def test_script_names_what_differs(compared, again, change, named):
    made = intervention(draw=interventions.draw())
    interventions.estimate(compared, made, counts())
    ran = again(made, change)
    assert ran.returncode == 1
    assert named in ran.stderr.decode().partition("published: ")[2]


def test_script_imports_numpy_and_the_standard_library_only():
    source = SCRIPT.read_text()
    names = {line.split()[1].partition(".")[0] for line in source.splitlines() if line.startswith(("import ", "from "))}
    assert names - sys.stdlib_module_names == {"numpy"}
    assert len(source.splitlines()) <= 160


@pytest.mark.django_db(transaction=True)
def test_script_reads_a_service(compared, client, live_server, tmp_path):
    made = intervention()
    interventions.estimate(compared, made, counts()[:, : BEFORE + 4], Word.RUNNING)
    earlier = client.get(f"/api/v1/effects/{made.pk}/").json()["effect"]["estimate"]["known_at"]
    past = client.get(f"/api/v1/effects/{made.pk}/?format=csv&as_of={earlier}").content
    # The panel changes, and then the estimate does.
    agencies = [AgencyFactory.create(code="FI-KRP").pk]
    compared.compare(24, "W", SPAN, agencies, view(counts(2)))
    interventions.estimate(compared, made, counts(2))
    assert_same(client, made, run(live_server.url, made.pk, folder=tmp_path))
    then = run(f"{live_server.url}/", made.pk, "--as-of", earlier, folder=tmp_path)
    assert (then.returncode, then.stderr, then.stdout) == (0, b"", past)
    unknown = run(live_server.url, made.pk + 1, folder=tmp_path)
    assert unknown.returncode == 1
    assert b"effect_not_found" in unknown.stderr


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_script_gets_again_what_the_workers_published_from_reports(client, live_server, tmp_path):
    """From reports to the numbers of the script: nothing between is stored by this test."""
    IndicatorFactory.create()
    this_month = periods.start_of("M", clock.mark() - timedelta(seconds=60))
    days = list(periods.between("D", this_month - timedelta(days=420), this_month - timedelta(seconds=1)))
    made = intervention(start=_monday(days[-70]), weeks_before=26, weeks_after=4, registered=days[0])
    for number, code in enumerate(("NO-KRIPOS", "SE-NOA", "FI-KRP")):
        _submit_days(AgencyFactory.create(code=code), days, made, seed=number)
    reporting.settle()
    reference.snapshots.clear()

    answer = client.get(f"/api/v1/effects/{made.pk}/").json()["effect"]
    assert (answer["word"], answer["estimate"]["of"]) == ("found", 1 + len(OTHERS))
    assert answer["estimate"]["agencies"] == ["FI-KRP", "NO-KRIPOS", "SE-NOA"]
    assert_same(client, made, run(live_server.url, made.pk, folder=tmp_path))


def _monday(day):
    return day.date() - timedelta(days=day.weekday())


def _submit_days(agency, days, made, seed):
    """From the start on, there are half as many events in the treated country."""
    random = np.random.default_rng(seed)
    levels = {code: random.uniform(8, 30) for code in ("NO", *OTHERS)}

    def cells(day):
        halved = {"NO"} if day.date() >= made.start else set()
        return {
            (codes.COUNTRIES[code], 1): int(random.poisson(level / (2 if code in halved else 1)))
            for code, level in levels.items()
        }

    reporting.submit(agency, [reporting.report("D", day, cells(day)) for day in days], clock.now())


def test_page_says_how_to_run_it():
    text = Path(ROOT / "docs/how-to/recompute-effect.md").read_text()
    assert "python recompute_effect.py" in text
    assert "(recompute_effect.py)" in text
