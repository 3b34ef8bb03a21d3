"""The page of a country as other sites show it."""

import pytest

from p2p_core import instants
from tests.contract.site.country.conftest import TWO, links

pytestmark = pytest.mark.django_db


def test_embedded_page_begins_with_the_chart(days, visit):
    page = visit("/embed/country/no/").content.decode()
    assert page.index('<figure class="trend">') < page.index('<dl class="heroes">')


def test_embedded_page_compares_too_and_leads_to_the_same_view(days, visit):
    page = visit(f"/embed/country/no/?{TWO}&show=count").content.decode()
    assert page.count('<g class="line s') == 3
    assert links(page, r"/countries/no/[^\"]*") == [f"/countries/no/?{TWO}&show=count"]
    assert '<table class="periods' in page


def test_embedded_page_says_of_when_it_is_too(days, text):
    then = instants.write(days.known_at(6))
    assert "You see the numbers as they were public on " in text(f"/embed/country/no/?as_of={then}")
