"""The map in a browser, over a slow line and while the API is away."""

from http import HTTPStatus
from time import sleep

import pytest

from tests.stack.maps import API, SHADED, drawn, listening, slow, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.verify, pytest.mark.xdist_group("stack")]


def test_nothing_moves_while_it_loads_over_a_slow_line_and_the_first_view_is_small(reader):
    sizes = []

    # So high that the table is seen: what moves out of sight counts for nothing.
    def before(page):
        # A picture that is written in the style sheet itself comes over no line.
        slow(page, lambda event: sizes.append(event["encodedDataLength"]) if event["encodedDataLength"] else None)
        page.add_init_script(
            """window.moved = 0;
            new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => (window.moved += value)))
                .observe({ type: "layout-shift", buffered: true });"""
        )

    for width in (360, 1440):
        sizes.clear()
        page = listening(reader("/", before=before, viewport={"width": width, "height": 3000}))
        assert 6 <= len(sizes) <= 12
        assert 40_000 < sum(sizes) < 250_000
        sleep(0.5)
        assert page.evaluate("window.moved") < 0.01


def fail_with(status):
    return lambda route: route.fulfill(status=status, body="") if status else route.abort()


def test_failing_api_is_reported_until_it_is_back(reader):
    page = drawn(reader("/", before=lambda page: page.clock.install(), failing="/api/v1/"))
    state = page.locator(".map-state")
    assert state.text_content() == ""
    for answer, said in (
        (None, "The numbers could not be loaded since"),
        (HTTPStatus.SERVICE_UNAVAILABLE, "The numbers could not be loaded since"),
        (HTTPStatus.NOT_FOUND, "These numbers are not available."),
    ):
        page.route(API, fail_with(answer))
        wait_until(lambda said=said: page.clock.run_for(500) or said in state.text_content())
        assert page.locator(SHADED).count() == 1
        assert page.locator("tr[data-country=NO]").is_visible()
        page.unroute(API)
        wait_until(lambda: page.clock.run_for(500) or state.text_content() == "")


def test_map_that_found_no_numbers_at_first_finds_them_later(reader):
    def before(page):
        page.clock.install()
        page.route(API, lambda route: route.abort())

    page = reader("/", before=before, failing="/api/v1/")
    page.get_by_text("The numbers cannot be reached. This page tries again by itself.").wait_for()
    assert page.locator("tr[data-country=NO]").is_visible()
    page.unroute(API)
    wait_until(lambda: page.clock.run_for(500) or page.locator(SHADED).count() == 1)
    assert page.locator(".map-state").text_content() == ""
