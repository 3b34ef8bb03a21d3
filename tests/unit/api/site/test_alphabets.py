"""Names are sorted as readers of the language expect."""

import pytest
from django.utils import translation

from api.site import languages


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("en", ["Åland Islands", "Albania", "Côte d’Ivoire", "Croatia", "Czechia"]),
        ("nb", ["Albania", "Frankrike", "Zambia", "Østerrike", "Åland"]),
        ("da", ["Albanien", "Østrig", "Åland"]),
        ("sv", ["Albanien", "Zambia", "Åland", "Österrike"]),
        ("fi", ["Ahvenanmaa", "Albania", "Venäjä", "Viro"]),
        ("de", ["Ägypten", "Albanien", "Österreich", "Polen"]),
        ("fr", ["Écosse", "Égypte", "Espagne", "Île de Man", "Inde"]),
        ("es", ["España", "Nueva Zelanda", "Ñuñoa", "Omán"]),
        ("pl", ["Litwa", "Luksemburg", "Łotwa", "Macedonia Północna"]),
        ("pt", ["África do Sul", "Albânia", "Áustria"]),
    ],
)
def test_names_are_in_the_order_of_the_alphabet(language, names):
    with translation.override(language):
        shuffled = sorted(names, key=len)

        assert sorted(shuffled, key=languages.sort_key) == names


def test_a_letter_that_is_passed_over_is_never_lost():
    with translation.override("en"):
        assert languages.sort_key("Łódź ø æ ß") == "lodz o ae ss"
