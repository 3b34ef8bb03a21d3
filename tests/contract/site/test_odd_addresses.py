"""Addresses of pages with odd values: each gives a page or a 404."""

from urllib.parse import quote

import pytest

WORST = ["9" * 31, "\0", "0001-01-01T00:00:00+23:59"]
OTHERS = ["²", "9999-12-31", "0001-01-01", "9999-W52", "9999-12-31T23:59:59.999999+00:00", "//evil.example"]
ASKED = {
    "/": [{"window": "day", "day": "{}"}, {"day": "{}"}, {"window": "{}"}, {"sort": "{}"}, {"indicator": "{}"}],
    "/countries/no/": [
        {"start": "{}"}, {"end": "{}"}, {"start": "{}", "end": "{}", "frequency": "M"}, {"as_of": "{}"}, {"with": "{}"},
        {"show": "{}", "frequency": "{}"}, {"start": "{}", "frequency": "W"}, {"end": "{}", "frequency": "M"},
    ],
    "/help/": [{"language": "{}"}, {"country": "{}"}],
    "/coverage/": [{"indicator": "{}"}],
    "/effects/": [{"as_of": "{}"}, {"start": "{}"}],
    "/corrections/": [
        {"indicator": "{}"}, {"country": "{}"}, {"frequency": "{}"}, {"since": "{}"}, {"older": "{}"},
        {"older": "1_{}"},
    ],
}  # fmt: skip
# They read their addresses as the other pages do, and have templates of their own.
ASKED |= {"/embed/map/": ASKED["/"][:1], "/embed/country/no/": ASKED["/countries/no/"][2:4]}
ASKED["/countries/no/chart.svg"] = ASKED["/countries/no/"][:3]


@pytest.mark.parametrize("path", ASKED)
@pytest.mark.parametrize("values", [WORST, pytest.param(OTHERS, marks=pytest.mark.verify)], ids=["worst", "others"])
def test_odd_parameters_give_a_page(published, services, visit, path, values):
    for asked in ASKED[path]:
        for value in values:
            query = "&".join(f"{name}={quote(given.format(value))}" for name, given in asked.items())
            status = visit(f"{path}?{query}").status_code
            # Of what has no periods there is no picture.
            assert status in ({200, 404} if path.endswith(".svg") else {200}), query


@pytest.mark.parametrize("value", WORST + OTHERS)
def test_odd_paths_give_no_page(db, visit, value):
    part = quote(value, safe="")
    for path in (
        f"/countries/{part}/",
        f"/{part}/",
        f"/de/{part}/",
        f"/embed/country/{part}/",
        f"/effects/{part}/",
        f"/countries/{part}/chart.svg",
    ):
        assert visit(path).status_code == 404


def test_odd_languages_of_a_browser_give_a_page(services, visit):
    for language in ("", ",;q=", "a" * 600, "de;q=9", "\xff", "nb-NO;q=0.000001,*", "x-y-z,i-klingon"):
        for path in ("/help/", "/about/", "/embed/map/"):
            assert visit(path, **{"accept-language": language}).status_code == 200, (path, language)
