"""Country names come from CLDR, in any language."""

import pytest

from countries import queries
from p2p_core.codes import COUNTRIES, GROUPS


@pytest.mark.parametrize(
    ("code", "language", "name"),
    [
        ("DE", "nb", "Tyskland"),
        ("DE", "fr", "Allemagne"),
        ("NO", "se", "Norga"),
        ("XK", "en", "Kosovo"),
        ("EUROPE", "pl", "Europa"),
        ("EU27_2020", "en", "European Union"),
        ("_U", "en", "Unknown Region"),
        ("_T", "de", "Welt"),
        ("CH", "zh-Hant", "瑞士"),
        ("CH", "zh_Hant", "瑞士"),
    ],
)
def test_country_name_in_language(code, language, name):
    assert queries.country_name(code, language) == name


@pytest.mark.parametrize("language", ["", "xx", "not a language", "../../etc/passwd", "de-XX-1-2-3-4-5", "*"])
def test_country_name_in_english_where_cldr_has_none(language):
    assert queries.country_name("DE", language) == "Germany"


def test_every_country_and_group_has_a_name():
    names = {row.code: row.name for row in queries.countries()} | {row.code: row.name for row in queries.groups()}

    assert names.keys() == COUNTRIES.keys() | GROUPS.keys()
    assert all(name and name != code for code, name in names.items())


def test_countries_name_their_groups():
    groups = {row.code: row.groups for row in queries.countries()}

    assert groups["NO"] == ("_T", "EUROPE")
    assert groups["CY"] == ("_T", "EUROPE", "EU27_2020")
    assert groups["_U"] == ("_T",)
