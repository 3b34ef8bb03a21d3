"""Computes a published effect again from published counts, and compares all its numbers. recompute-effect.md says how.

python recompute_effect.py https://federation.example.org 7 [--as-of 2026-12-01T00:01:07.482Z]
python recompute_effect.py effect.json weeks.csv
"""

import argparse
import csv
import json
import sys
from datetime import date, timedelta
from hashlib import sha256
from math import expm1
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import numpy as np

ONE_IN, FEWEST_EVENTS, PLACEBO_WEEKS, WEEKS_OF_A_LINE = 20, 5, 8, 4
LEAST_USUAL, INSTEAD_OF_ZERO, FARTHEST, DECIMALS = 1e-9, 2.5, 10, 9
COLUMNS = "ID,INDICATOR,UNIT,COUNTRIES,BEFORE,AFTER,CHANGE,USUAL,SIZE,LOW,HIGH,RANK"


def download(host, path, **query):
    given = urlencode({name: value for name, value in query.items() if value})
    try:
        with urlopen(f"{host.rstrip('/')}/api/v1/{path}/?{given}") as answer:
            return answer.read().decode()
    except HTTPError as error:
        sys.exit(error.read().decode())


def weeks_of(effect):
    """The names of the weeks before the start, and of the weeks since the start that the estimate uses."""
    start, weeks = date.fromisoformat(effect["start"]), range(-effect["weeks_before"], effect["estimate"]["weeks"])
    return ["{}-W{:02}".format(*(start + timedelta(weeks=week)).isocalendar()[:2]) for week in weeks]


def counts_of(host, effect):
    """A panel has no networks. So the effect of an intervention on some networks uses their own weekly counts."""
    weeks, estimate = weeks_of(effect), effect["estimate"]
    which = {"network": ",".join(effect["networks"])} if effect["networks"] else {"panel": estimate["panel"]}
    which |= {"indicator": effect["indicator"], "start": weeks[0], "end": weeks[-1], "as_of": estimate["known_at"]}
    return download(host, "aggregates", frequency="W", country="*", format="csv", **which)


def units_of(effect, rows):
    """The countries of each unit, and the counts: units x weeks. Unit 0 is all treated countries together."""
    weeks, before, known, unknown = weeks_of(effect), effect["weeks_before"], {}, {"_U"}
    for row in (row for row in rows if row["TIME_PERIOD"] in weeks):
        counts = known.setdefault(row["COUNTRY"], np.zeros(len(weeks), np.int64))
        counts[weeks.index(row["TIME_PERIOD"])] += int(row["OBS_VALUE"] or 0)
        unknown |= set() if row["OBS_VALUE"] else {row["COUNTRY"]}
    excluded = unknown | {*effect["countries"], *effect["estimate"]["excluded"]}
    others = known.keys() & set(effect["comparison"] or known) - excluded
    others = sorted(code for code in others if known[code][:before].sum() >= FEWEST_EVENTS * before)
    treated = sum(known[code] for code in effect["countries"] if code in known)
    return [effect["countries"], *([code] for code in others)], np.array([treated, *(known[code] for code in others)])


def ratios(sums):
    """The logarithm of each unit's sum, divided by the sum of all comparison countries except the unit itself."""
    others = sums[1:].sum(axis=0) - np.concatenate([np.zeros_like(sums[:1]), sums[1:]])
    return np.log(np.maximum(sums, INSTEAD_OF_ZERO)) - np.log(np.maximum(others, INSTEAD_OF_ZERO))


def changes_of(counts, start, middle, end):
    """The change of each unit from the weeks before the middle to the weeks after it."""
    return ratios(counts[:, middle:end].sum(axis=1)) - ratios(counts[:, start:middle].sum(axis=1))


def estimate(counts, before):
    """The change, the usual change and the size of each unit. Then the interval of the treated unit, and its rank."""
    changes = changes_of(counts, 0, before, None).round(DECIMALS)
    dates = range(PLACEBO_WEEKS, before - PLACEBO_WEEKS + 1)
    placebos = np.array([changes_of(counts, at - PLACEBO_WEEKS, at, at + PLACEBO_WEEKS) for at in dates])
    squares = (placebos**2).mean(axis=0)
    usual = np.maximum(np.sqrt((3 * squares + squares[1:].mean()) / 4).round(DECIMALS), LEAST_USUAL)
    sizes = (np.abs(changes) / usual).round(DECIMALS)
    width = np.sort(sizes[1:])[-(len(counts) // ONE_IN)] * usual[0]
    rank = 1 + int((sizes[1:] >= sizes[0]).sum())
    low, high = np.clip([changes[0] - width, changes[0] + width], -FARTHEST, FARTHEST)
    return changes, usual, sizes, (changes[0], low, high), rank


def log(number):
    return round(float(number), DECIMALS) + 0.0


def members(interval):
    names = [f"{name}{unit}" for unit in ("_percent", "") for name in ("change", "low", "high")]
    percent = (round(100 * expm1(log(end)), 6) + 0.0 for end in interval)
    return dict(zip(names, (*percent, *map(log, interval)), strict=True))


def recompute(effect, countries, counts):
    """All members of the effect that are computed."""
    before, weeks = effect["weeks_before"], effect["estimate"]["weeks"]
    *columns, interval, rank = estimate(counts, before)
    units = [{"treated": at == 0, "countries": codes} for at, codes in enumerate(countries)]
    sums = counts[:, :before].sum(axis=1).tolist(), counts[:, before:].sum(axis=1).tolist()
    numbers = zip(*sums, *(map(log, column) for column in columns), strict=True)
    names = "before", "after", "change", "usual", "size"
    sliding = np.lib.stride_tricks.sliding_window_view(counts, WEEKS_OF_A_LINE, axis=1).sum(axis=2)
    lines = ratios(sliding) - ratios(counts[:, :before].sum(axis=1, keepdims=True))
    ends = (estimate(counts[:, : before + week], before)[3] for week in range(1, weeks + 1))
    is_found = interval[2] < 0 if effect["direction"] == "fewer" else interval[1] > 0
    return {
        "word": "running" if weeks < effect["weeks_after"] else "found" if is_found else "not_found",
        "estimate": effect["estimate"] | {"rank": rank, "of": len(counts), **members(interval)},
        "units": [unit | dict(zip(names, row, strict=True)) for unit, row in zip(units, numbers, strict=True)],
        "over_time": [{"weeks": week, **members(end)} for week, end in enumerate(ends, start=1)],
        "lines": effect["lines"]
        | {"units": [unit | {"changes": [*map(log, row)]} for unit, row in zip(units, lines, strict=True)]},
    }


def cells_of(effect, unit):
    own = [effect["estimate"][name] if unit["treated"] else "" for name in ("low", "high", "rank")]
    kind, (_, codes, *numbers) = "treated" if unit["treated"] else "comparison", unit.values()
    return [effect["id"], effect["indicator"], kind, " ".join(codes), *numbers, *own]


def is_repeated(draw):
    """Whether the countries, sorted by the SHA-256 of "value CODE", are in the order of the draw."""
    order = sorted(draw["countries"], key=lambda code: sha256(f"{draw['value']} {code}".encode()).digest())
    return draw["order"] == (order if draw["value"] else [])


def main(source, which, as_of):
    is_online = source.startswith("http")
    answer = json.loads(download(source, f"effects/{which}", as_of=as_of) if is_online else Path(source).read_text())
    effect, found, invented = answer["effect"], {"units": []}, ""
    if effect["units"]:
        rows = [*csv.DictReader((counts_of(source, effect) if is_online else Path(which).read_text()).splitlines())]
        found, invented = recompute(effect, *units_of(effect, rows)), ",INVENTED" * ("INVENTED" in rows[0])
    lines = [f"{COLUMNS}{invented}"]
    lines += [",".join(map(str, cells_of(effect | found, unit))) + ",true" * bool(invented) for unit in found["units"]]
    sys.stdout.buffer.write("".join(f"{line}\r\n" for line in lines).encode())
    different = [name for name, value in found.items() if value != effect[name]]
    different += [f"draw {draw['id']}" for draw in answer["draws"] if not is_repeated(draw)]
    sys.exit(f"These differ from what is published: {', '.join(different)}" if different else 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="the address of a service, or a file: the JSON of an effect")
    parser.add_argument("which", help="the id of an effect, or a file: the CSV of the weeks")
    parser.add_argument("--as-of", default="", help="an instant, to get the estimate of that time")
    main(**vars(parser.parse_args()))
