"""The code lists, compared with the standards that they come from."""

from babel import Locale

from p2p_core.codes import (
    COUNTRIES,
    COUNTRY_CODES,
    COUNTRY_NAMES,
    GROUP_MEMBERS,
    GROUPS,
    NETWORK_CODES,
    NETWORKS,
    TOTAL,
    UNKNOWN,
)

EUROPE = (
    "AD AL AT AX BA BE BG BY CH CY CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT LU LV MC MD ME MK MT "
    "NL NO PL PT RO RS RU SE SI SJ SK SM UA VA XK"
)
EU27_2020 = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"


def test_countries_are_all_of_iso_with_kosovo_and_unknown():
    assert len(COUNTRIES) == 249 + 2
    assert (COUNTRIES["XK"], COUNTRIES[UNKNOWN]) == (983, 999)


def test_countries_have_their_iso_numbers():
    expected = {"AF": 4, "AX": 248, "CH": 756, "DE": 276, "GB": 826, "NO": 578, "SS": 728, "UA": 804, "US": 840}
    assert expected.items() <= COUNTRIES.items()


def test_countries_have_their_names_of_cldr():
    territories = Locale("en").territories
    assert {code: territories[code] for code in COUNTRIES if code != UNKNOWN} == {
        code: name for code, name in COUNTRY_NAMES.items() if code != UNKNOWN
    }


def test_countries_are_sorted_by_code():
    assert list(COUNTRIES) == sorted(COUNTRIES)


def test_country_numbers_fit_a_smallint_and_are_different():
    assert len(COUNTRY_CODES) == len(COUNTRIES) + len(GROUPS)
    assert all(0 < number < 32_768 for number in COUNTRY_CODES)


def test_europe_is_m49_region_150_with_cyprus_and_kosovo():
    assert GROUP_MEMBERS["EUROPE"] == set(EUROPE.split())


def test_european_union_is_that_of_2020():
    assert GROUP_MEMBERS["EU27_2020"] == set(EU27_2020.split())


def test_total_has_every_country_and_the_unlocated():
    assert GROUP_MEMBERS[TOTAL] == set(COUNTRIES)
    assert UNKNOWN in GROUP_MEMBERS[TOTAL]


def test_groups_have_members_and_numbers_of_their_own():
    assert GROUPS == {"_T": 1, "EUROPE": 150, "EU27_2020": 2020}
    assert GROUPS.keys() == GROUP_MEMBERS.keys()


def test_network_numbers_never_change_since_stored_arrays_hold_them():
    assert NETWORKS == {
        "BITTORRENT": 1,
        "EDONKEY": 2,
        "GNUTELLA": 3,
        "GNUTELLA2": 4,
        "ARES": 5,
        "DIRECTCONNECT": 6,
        "HYPHANET": 7,
        "OTHER": 8,
        "_U": 9,
    }
    assert {0: "_T"} | {number: code for code, number in NETWORKS.items()} == NETWORK_CODES
