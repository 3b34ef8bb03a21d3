"""Countries, networks, and the groups and totals that they are counted in."""

from collections import defaultdict
from collections.abc import Iterable

ALL_NETWORKS = 0
#: A country or group, and a network or all of them.
Place = tuple[int, int]
Cells = dict[Place, int]


def sum_of(parts: Iterable[Cells]) -> Cells:
    total: Cells = defaultdict(int)
    for cells in parts:
        for place, value in cells.items():
            total[place] += value
    return dict(total)


def margins_of(cells: Cells) -> Cells:
    """Each cell, and each group and total that it belongs to, from the exact cells."""
    return sum_of({place: value} for single, value in cells.items() for place in places_with(single))


def places_with(single: Place) -> list[Place]:
    """Where a country and network is counted: itself, and each group and total that it belongs to."""
    country, network = single
    return [(row, column) for row in (country, *groups_of(country)) for column in (network, ALL_NETWORKS)]


def difference(present: Cells, before: Cells) -> Cells:
    """By how much each place has changed, if it has."""
    by = {place: present.get(place, 0) - before.get(place, 0) for place in {*present, *before}}
    return {place: change for place, change in by.items() if change}


#: The 27 member states of the Union since 1 February 2020, by ISO 3166-1.
EU27 = {
    *(40, 56, 100, 191, 196, 203, 208, 233, 246, 250, 276, 300, 348, 372, 380, 428, 440, 442, 470, 528, 616, 620, 642),
    *(703, 705, 724, 752),
}
#: And the rest of Europe by M49: with Cyprus, which is in the Union, and Kosovo.
EUROPE = EU27 | {
    *(8, 20, 70, 112, 234, 248, 292, 336, 352, 438, 492, 498, 499, 578, 643, 674, 688, 744, 756, 804, 807, 826, 831),
    *(832, 833, 983),
}
#: Each group, and who is in it; everything is in the total, also what could not be located.
TOTAL, MEMBERS = 1, {150: EUROPE, 2020: EU27}


def groups_of(country: int) -> list[int]:
    return [TOTAL, *(group for group, members in MEMBERS.items() if country in members)]


def smallest_holding(countries: set[int]) -> int:
    """The country, if there is one only, or else the smallest group that holds them all."""
    if len(countries) == 1:
        return min(countries)
    holding = [group for group, members in MEMBERS.items() if countries <= members]
    return min(holding, key=lambda group: len(MEMBERS[group]), default=TOTAL)


def is_public(frequency: str, place: Place) -> bool:
    """Minutes and hours are published over all networks only."""
    return frequency not in "NH" or place[1] == ALL_NETWORKS
