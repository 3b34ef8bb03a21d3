"""WCAG 2.2 AA as far as a program sees it: axe looks at each page in two languages, light and dark, wide and narrow."""

from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("stack")]
AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
RUN = "axe.run(document, {resultTypes: ['violations']})"
PAGES = (
    "/", "/?indicator=HELP_VISITS&window=P1D", "/?window=day&day=2020-01-01", "/countries/no/",
    "/countries/no/?frequency=W&with=SE&with=DK&show=head", "/coverage/", "/help/", "/about/", "/data/",
    "/embed/map/", "/embed/country/no/",
)  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("language", "width"), [("", 1440), ("/de", 360)])
def test_axe_finds_nothing(reader, federation, scheme, language, width):
    page = reader(f"{language}/", color_scheme=scheme, viewport={"width": width, "height": 900})
    found = {}
    for address in PAGES:
        page.goto(f"{federation.url}{language}{address}")
        # What the map's script draws is looked at too.
        if page.locator("#map").count():
            page.locator(".map-legend").wait_for()
        page.evaluate(AXE.read_text())
        for violation in page.evaluate(RUN)["violations"]:
            found[address, violation["id"]] = [node["html"] for node in violation["nodes"]]
    assert found == {}
