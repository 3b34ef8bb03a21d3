"""All attacks, a row for each, and the promises that must hold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from math import sqrt

import numpy as np

from tests.attack.insiders import plan_to_guess, sweep, switch_parts, take_turns
from tests.attack.panels import compare_panels
from tests.attack.product import Product
from tests.attack.readers import compare_tables, expect_late_figures, find_late_figures, watch_arrivals
from tests.attack.rules import Rule, by_agency_and_period, first_version, today
from tests.attack.scene import Found, Played, Scene, judged
from tests.attack.steady import EVERY, WITHOUT_DAYS, count_moved, watch_hours
from tests.attack.tables import Look, Tables
from tests.attack.world import AGENCIES, HONEST, INSIDERS, LAST_DAY, NOW, PLACES, TOTAL, World, invent

LATE = HONEST[-1]
ON_TIME = HONEST[:-1]
_DAY, _HOUR, _MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)

#: The promises, as shares of small cells. Guesses are compared with those of a reader.
MOST_PROVEN, MOST_PROVEN_IN_A_PLACE, MOST_GAINED = 0.001, 0.01, 0.08
MOST_LATE_TOLD, MOST_LATE_SEEN = 0.01, 0.40
#: The same for a reader of numbers that all came on time.
MOST_TOLD, MOST_TOLD_IN_A_PLACE, MOST_WITHHELD_TOLD = 0.01, 0.03, 0.005
FEWEST_CELLS = 3000
#: The share of an attack's conclusions that may be false; one may always be.
MOST_WRONG = 0.05
#: The share that the attacks must prove under rules that do not protect.
FEWEST_PROVEN = 0.20


@dataclass(frozen=True)
class Size:
    """The number of attacked cells."""

    #: Days and hours whose cells are attacked. Slow attacks use fewer.
    days: int = 426
    fewer_days: int = 62
    hours: int = 120
    #: Live hours of minutes, late figures, whether there is time for panels, and hours that everything is watched for.
    minutes: int = 6
    late: int = 60
    panels: bool = True
    watched: int = 24


@dataclass(frozen=True)
class Row:
    """What an attack found, what else it counted, and which promises it broke."""

    name: str
    found: Found | None = None
    counted: str = ""
    broken: Sequence[str] = ()
    #: The same by place and kind of cell.
    parts: Mapping[tuple[str, ...], Found] = field(default_factory=dict)


def attack_all(size: Size) -> Iterator[Row]:
    """All attacks. If an attacker is wrong too often, it reckons badly, and its attack shows nothing."""
    for row in _attack_all(size):
        yield replace(row, broken=[*row.broken, *reckons_badly(row.found)] if row.found else row.broken)


def reckons_badly(found: Found) -> list[str]:
    cells, claims, wrong = (found.total(word) for word in ("cells", "claims", "wrong"))
    guessed, expected = found.share("guessed"), found.expected()
    broken = [f"{wrong} of {claims} conclusions are false"] * (wrong > max(1, MOST_WRONG * claims))
    # Four standard deviations, at most.
    is_off = cells > 0 and abs(guessed - expected) > 2 / sqrt(cells)
    return broken + [f"{guessed:.1%} guessed, where the attackers expect {expected:.1%}"] * is_off


def _attack_all(size: Size) -> Iterator[Row]:
    """Attack the product, and then the rules that do not protect."""
    days = invent("D", LAST_DAY - (size.days - 1) * _DAY, LAST_DAY)
    yield from _attack_by_readers(days, size)
    yield from _attack_late_reports(days, size)
    yield from _attack_by_insiders(days, size)
    fewer = invent("D", LAST_DAY - (size.fewer_days - 1) * _DAY, LAST_DAY)
    yield from _on_time(days)
    yield from _comparing(days)
    yield from _switching(fewer)
    yield from _attack_steadiness(fewer, size)
    yield from _show_teeth(fewer)


def _attack_by_readers(days: World, size: Size) -> Iterator[Row]:
    """Everybody reports on time."""
    tables = Tables(_reported(days, HONEST), days, HONEST)
    for name, looks in _LOOKS.items():
        yield _readers(name, compare_tables(tables, looks))
    for name, hidden, most in (
        ("readers: all tables of a version", False, MOST_TOLD),
        ("readers: withheld cells", True, MOST_WITHHELD_TOLD),
    ):
        found = compare_tables(tables, ALL_LOOKS, hidden=hidden)
        yield replace(_readers(name, found, most), parts=found.parts(0, 1))
    hours = invent("H", LAST_DAY + _DAY - size.hours * _HOUR, LAST_DAY + 23 * _HOUR)
    tables = Tables(_reported(hours, HONEST), hours, HONEST)
    yield _readers("readers: hours", compare_tables(tables, ALL_LOOKS), fewest=0)
    yield _readers("readers: withheld hours", compare_tables(tables, ALL_LOOKS, hidden=True), MOST_WITHHELD_TOLD)
    live, everybody = Found(), range(len(AGENCIES))
    for seed in range(size.minutes):
        minutes = invent("N", NOW - 65 * _MINUTE, NOW - 6 * _MINUTE, seed=seed)
        tables = Tables(_reported(minutes, everybody), minutes, everybody)
        live.add_all(compare_tables(tables, ALL_LOOKS, hidden=True))
    yield _readers("readers: withheld live minutes", live, MOST_WITHHELD_TOLD)
    if size.panels:
        year = invent("D", LAST_DAY - 364 * _DAY, LAST_DAY)
        found, sets = compare_panels(Product(year), year, INSIDERS[1:])
        alone = [one for at, one in enumerate(sets) for other in sets[:at] if len(one ^ other) == 1]
        broken = [f"a panel tells one agency apart: {sets}"] * bool(alone)
        yield Row("readers: panels against all", found, broken=broken)


def _readers(name: str, found: Found, most: float = MOST_TOLD, fewest: int = FEWEST_CELLS) -> Row:
    broken = _above("found", found.share("told"), most)
    if most == MOST_TOLD:
        broken += _above("found in a country", found.worst("told"), MOST_TOLD_IN_A_PLACE)
        broken += [f"only {found.total('cells')} cells, fewer than {fewest}"] * (found.total("cells") < fewest)
    return Row(name, found, broken=broken)


ALL_LOOKS: list[Look] = [Tables.networks, Tables.longer, Tables.groups]
_LOOKS: dict[str, list[Look]] = {
    "readers: each number alone": [],
    "readers: networks": [Tables.networks],
    "readers: weeks and months": [Tables.longer],
    "readers: country groups": [Tables.groups],
}


def _attack_by_insiders(days: World, size: Size) -> Iterator[Row]:
    scene = Scene(_reported(days, HONEST), days.steps)
    for row, reader in _turns("product", scene, days, today):
        yield _insiders(row, reader)
    hours = invent("H", LAST_DAY + _DAY - size.hours * _HOUR, LAST_DAY + 23 * _HOUR)
    scene = Scene(_reported(hours, HONEST), hours.steps)
    for row, reader in _turns("product, hours", scene, hours, today, INSIDERS[:1]):
        yield _insiders(row, reader)


def _turns(
    name: str, scene: Scene, world: World, rule: Rule, insiders: Sequence[int] = INSIDERS
) -> Iterator[tuple[Row, Found]]:
    """Insiders take turns. Each row also has the result of a reader who saw only the first numbers."""
    for count in take_turns(scene, insiders):
        reader = judged(scene.seen_only(0), world, rule, HONEST)
        yield Row(f"{name}: {_WHO[count]}, late", judged(scene, world, rule, HONEST)), reader


_WHO = {1: "one insider", 2: "two insiders", 3: "three insiders"}


def _on_time(days: World) -> Iterator[Row]:
    """An insider that chooses what it reports on time, and sweeps later."""
    reader = Scene(_reported(days, HONEST), days.steps)
    reader.look()
    scene = Scene(_reported(days, HONEST), days.steps)
    scene.send(INSIDERS[0], "D", 0, 1 + np.add.outer(np.arange(len(PLACES)), np.arange(TOTAL)) % 4)
    scene.look()
    sweep(scene, INSIDERS[0], range(12))
    found = judged(scene, days, today, HONEST)
    yield _insiders(Row("product: one insider, on time", found), judged(reader, days, today, HONEST))


def _comparing(days: World) -> Iterator[Row]:
    """An insider that compares tables has 3 events in a network, on each day of the week in another one.

    If a sum with these 3 is published as 0, the attacked agencies counted at most 1 in it. If a part of that sum in
    which the insider has nothing is published as 5, they counted at least 1 there.
    """
    on_days = np.equal.outer([day.weekday() for day in days.periods], np.arange(TOTAL) % 7)
    own = np.broadcast_to(np.where(on_days, 3, 0)[:, None, :], days.counts[0].shape)
    reader = Tables(_reported(days, HONEST), days, HONEST)
    found = compare_tables(reader, ALL_LOOKS)
    for name, mine in (("compares tables", own), ("plans to guess", plan_to_guess(reader, days))):
        product = _reported(days, HONEST)
        product.submit(INSIDERS[0], "D", zip(days.periods, mine, strict=True))
        tables = Tables(product, days, HONEST, mine)
        yield _insiders(Row(f"product: one insider {name}", compare_tables(tables, ALL_LOOKS)), found)
        withheld = compare_tables(tables, ALL_LOOKS, hidden=True)
        yield _readers("product: the same, withheld cells", withheld, MOST_WITHHELD_TOLD)


def _switching(days: World) -> Iterator[Row]:
    """Insiders that switch networks, countries and hours, before and after another agency's late report."""
    scene = Scene(_reported(days, ON_TIME), days.steps)
    scene.look()
    reader = judged(scene, days, today, ON_TIME)
    switch_parts(scene, INSIDERS[0])
    yield _insiders(Row("product: one insider switches", judged(scene, days, today, ON_TIME)), reader)
    scene.report_late(LATE)
    scene.look()
    reader = judged(scene.seen_only(0, -1), days, today, ON_TIME, LATE)
    switch_parts(scene, INSIDERS[1])
    yield _insiders(Row("product: two, after a late report", judged(scene, days, today, ON_TIME, LATE)), reader)


def _insiders(row: Row, reader: Found) -> Row:
    assert row.found is not None
    gained = row.found.share("guessed") - reader.share("guessed")
    broken = [
        *_above("proven", row.found.share("proven"), MOST_PROVEN),
        *_above("proven in a country", row.found.worst("proven"), MOST_PROVEN_IN_A_PLACE),
        *_above("guessed more often than by a reader", gained, MOST_GAINED),
    ]
    return Row(row.name, row.found, f"{gained:+.1%} guessed", broken)


def _above(what: str, share: float, most: float) -> list[str]:
    return [f"{share:.2%} {what}, more than {most:.1%}"] if share > most else []


def _attack_late_reports(days: World, size: Size) -> Iterator[Row]:
    yield Row("readers: agencies one by one", watch_arrivals(Product(days), days))
    found, of_all = find_late_figures(_reported(days, ON_TIME), days, LATE, size.late), expect_late_figures(days)
    broken = [
        *_above("proven", found.share("proven"), 0),
        *_above("found", of_all.told[-1], MOST_LATE_TOLD),
        *_above("found to be nonzero", of_all.nonzero[-1], MOST_LATE_SEEN),
        *_above("of all conclusions false", of_all.wrong, MOST_WRONG),
    ]
    by_place = ", ".join(f"{place} {share:.1%}" for place, share in zip(PLACES, of_all.told, strict=False))
    expected = f"of all agencies: {of_all.told[-1]:.2%} found ({by_place}), {of_all.nonzero[-1]:.1%} nonzero"
    yield Row("readers: a late small figure", found, f"{expected}, {of_all.wrong:.1%} wrong", broken)


def _attack_steadiness(days: World, size: Size) -> Iterator[Row]:
    product = _reported(days, ON_TIME)
    moved = count_moved(product, days, INSIDERS[0], INSIDERS[1], LATE)
    broken = [f"{moved[EVERY]} cells moved by the same numbers at another frequency"] * bool(moved[EVERY])
    counted = f"{moved[EVERY]} cells moved, {moved[WITHOUT_DAYS]} where months replace days"
    yield Row("insiders: the same at another frequency", counted=counted, broken=broken)
    upto = invent("D", days.periods[0], NOW)
    hours = invent("H", NOW - NOW.minute * _MINUTE - 100 * _HOUR, NOW + size.watched * _HOUR, seed=2)
    seen = watch_hours(upto, hours, size.watched)
    broken = [f"{seen.unlike} numbers of windows are not the sums of their parts"] * bool(seen.unlike)
    yield Row("readers: windows each hour", counted=f"{seen.unlike} unlike their parts", broken=broken)
    broken = [f"{seen.early} numbers of periods that wait can be read"] * bool(seen.early)
    yield Row("readers: periods that wait", counted=f"{seen.early} numbers read in {seen.waits} waits", broken=broken)


def _show_teeth(days: World) -> Iterator[Row]:
    """Attack rules that do not protect: if this proves too little, the attacks are too weak."""
    for name, rule, fewest in (("first version", first_version, 1), ("keys by agency", by_agency_and_period, 2)):
        played = Played(rule, days)
        for agency in HONEST:
            played.report(agency)
        for count, (row, _) in enumerate(_turns(name, Scene(played, days.steps), days, rule, INSIDERS[:2]), 1):
            assert row.found is not None
            missed = count >= fewest and row.found.share("proven") < FEWEST_PROVEN
            yield Row(row.name, row.found, broken=[f"the attacks prove less than {FEWEST_PROVEN:.0%} of it"] * missed)


def _reported(world: World, agencies: Sequence[int]) -> Product:
    product = Product(world)
    for agency in agencies:
        product.report(agency)
    return product
