"""The replay of the map in a real browser: which countries pulse over a minute, and when nothing may run."""

import re
from datetime import timedelta

import pytest

from tests.replayed import Numbers
from tests.stack.maps import LOOK, drawn, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.verify, pytest.mark.xdist_group("stack")]
#: Notes each animation that the page begins, and the country of each pulse.
_NOTE = """window.pulses = [];
    window.begun = [];
    const animate = Element.prototype.animate;
    Element.prototype.animate = function (...how) {
        const begun = animate.apply(this, how);
        window.begun.push(begun);
        if (this.className === "map-pulse") window.pulses.push(this.dataset.code);
        return begun;
    };"""
#: More pulses than the map draws in one turn.
_ONE_TURN = 40


def pass_time(page, numbers, seconds):
    """Let time pass for the page, and find what it has drawn so far."""
    for _ in range(seconds):
        numbers.ahead += timedelta(seconds=1)
        page.clock.run_for(1_000)
    return page.evaluate("window.pulses")


def stop_in_new_turn(page, numbers):
    """Let the page's time stand still, long before the next turn. Return how many pulses it has drawn."""
    before = len(page.evaluate("window.pulses"))
    wait_until(lambda: len(pass_time(page, numbers, 1)) > before)
    page.clock.pause_at(page.evaluate("new Date(Date.now() + 500).toISOString()"))
    return len(page.evaluate("window.pulses"))


@pytest.fixture
def numbers():
    return Numbers()


@pytest.fixture
def page(reader, numbers):
    """The map, in sight, once all steps are replayed."""

    def before(page):
        page.clock.install()
        page.add_init_script(_NOTE)
        numbers.serve(page)

    opened = drawn(reader("/", before=before))
    opened.locator(".map-frame").scroll_into_view_if_needed()
    wait_until(lambda: {"DE", "NO", "IS"} <= set(pass_time(opened, numbers, 1)))
    return opened


def shown(page):
    found = re.match(r"([\d,]+) downloads shown in Europe", page.locator(".live-shown").text_content())
    return int(found[1].replace(",", ""))


def test_each_country_pulses_at_its_finest_published_step(page, numbers):
    before, counted = len(page.evaluate("window.pulses")), shown(page)
    pulses = pass_time(page, numbers, 60)[before:]
    assert 48 <= pulses.count("DE") <= 75
    assert 2 <= pulses.count("NO") <= 30
    assert 5 <= pulses.count("IS") <= 45
    assert set(pulses) == {"DE", "NO", "IS"}
    # Pulses are drawn up to ten seconds ahead, and are counted once they have begun.
    assert abs(shown(page) - counted - 5 * len(pulses)) <= 5 * _ONE_TURN
    assert page.locator(".live-pulse").text_content().startswith("One pulse stands for about 5 downloads")
    page.get_by_text("What is replayed").click()
    said = page.locator(".live-steps li").all_text_contents()
    assert [line.partition(":")[0] for line in said[:3]] == [
        f"Countries published by the {unit}" for unit in ("minute", "hour", "day")
    ]
    assert (
        page.locator("figcaption")
        .text_content()
        .endswith("Drawn from 2 of 3 agencies that report by the minute. Other agencies report less often.")
    )


def test_nothing_runs_while_nobody_looks_and_coming_back_does_not_burst(page, numbers):
    page.evaluate(LOOK, True)
    before, counted = len(page.evaluate("window.pulses")), shown(page)
    assert page.locator(".map-pulse").count() == 0
    assert len(pass_time(page, numbers, 60)) == before
    assert page.evaluate("document.getAnimations().filter(({ playState }) => playState === 'running').length") == 0
    page.evaluate(LOOK, False)
    assert len(pass_time(page, numbers, 1)) - before < _ONE_TURN
    assert shown(page) - counted < 5 * _ONE_TURN


def hide(page):
    page.evaluate("document.querySelector('footer').scrollIntoView({ behavior: 'instant' })")
    wait_until(lambda: page.locator(".map-pulse").count() == 0)


def test_a_map_out_of_sight_counts_only_what_had_begun(page, numbers):
    before, counted = stop_in_new_turn(page, numbers), shown(page)
    drawn = page.locator(".map-pulse").count()
    hide(page)
    assert len(pass_time(page, numbers, 30)) == before
    # Most pulses of the turn had been drawn, but had not begun.
    assert shown(page) - counted < 5 * drawn / 2


def test_a_country_that_left_the_frame_before_its_pulses_began_is_not_counted(page, numbers):
    stop_in_new_turn(page, numbers)
    counted = shown(page)
    waiting = page.locator('.map-pulse[data-code="IS"]').count()
    others = page.locator('.map-pulse:not([data-code="IS"])').count()
    for _ in range(4):
        page.get_by_role("button", name="Zoom in").click()
        page.clock.run_for(100)
    assert waiting
    assert page.locator('.map-pulse[data-code="IS"]').count() == 0
    pass_time(page, numbers, 8)
    page.get_by_role("button", name="Pause").click()
    assert shown(page) - counted <= 5 * others


def test_a_minute_that_comes_late_is_waited_for_and_begins_at_once(page, numbers):
    numbers.awaited = 4
    time = page.locator(".live-time")
    wait_until(lambda: pass_time(page, numbers, 1) and time.text_content().startswith("Waiting for"))
    before = len(page.evaluate("window.pulses"))
    page.get_by_text("What is replayed").click()
    assert "no agency has reported" not in page.locator(".live-steps").text_content()
    assert len(pass_time(page, numbers, 11)) == before
    numbers.awaited = 0
    pass_time(page, numbers, 3)
    wait_until(lambda: page.clock.run_for(10) or time.text_content().startswith("Showing"))
    assert len(page.evaluate("window.pulses")) > before


def test_a_paused_replay_explains_another_indicator(page):
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("navigation", name="What is counted").get_by_role("link").nth(1).click()
    page.locator(".live-pulse", has_text="visits").wait_for()
    assert page.locator(".live-pulse").is_visible()
    assert "visits" in page.locator(".live-shown").text_content()


def test_before_the_numbers_have_come_nothing_is_said_of_them(page, numbers):
    held = []

    def hold(route):
        held.append(route)

    page.unroute_all()
    page.route("**/api/v1/aggregates/live/**", hold)
    page.route("**/api/v1/aggregates/windows/**", numbers.answer)
    page.get_by_role("navigation", name="What is counted").get_by_role("link").nth(1).click()
    wait_until(lambda: page.clock.run_for(100) or bool(held))
    page.evaluate(LOOK, True)
    page.evaluate(LOOK, False)
    assert page.locator(".live-pulse").is_hidden()


def test_a_map_that_is_seen_again_pulses_before_the_next_turn(page, numbers):
    before = stop_in_new_turn(page, numbers)
    hide(page)
    page.locator(".map-frame").scroll_into_view_if_needed()
    wait_until(lambda: len(page.evaluate("window.pulses")) > before)


def test_motion_that_is_allowed_again_begins_before_the_next_turn(page, numbers):
    before = stop_in_new_turn(page, numbers)
    page.emulate_media(reduced_motion="reduce")
    wait_until(lambda: page.locator(".map-pulse").count() == 0)
    # The words follow at once too.
    page.get_by_text("Your device asks for less motion").wait_for()
    page.emulate_media(reduced_motion="no-preference")
    wait_until(lambda: len(page.evaluate("window.pulses")) > before)


def test_another_indicator_has_its_own_words_before_the_next_turn(page, numbers):
    stop_in_new_turn(page, numbers)
    counted = shown(page)
    links = page.get_by_role("navigation", name="What is counted").get_by_role("link")
    said = page.locator(".live-shown, .live-pulse")

    def says(word):
        page.clock.run_for(10)
        return all(word in text for text in said.all_text_contents())

    links.nth(1).click()
    wait_until(lambda: says("visits"))
    links.nth(0).click()
    wait_until(lambda: says("downloads"))
    assert shown(page) >= counted > 0


def test_no_animation_runs_on_without_its_element(page, numbers):
    pass_time(page, numbers, 90)
    begun, running, left = page.evaluate("""[window.begun.length, ...[true, false].map((there) => window.begun.filter(
        ({ effect, playState }) => playState !== "idle" && effect.target.isConnected === there).length)]""")
    assert begun > 100
    assert running
    assert not left


def test_a_country_that_leaves_the_frame_takes_its_pulses_with_it(page, numbers):
    pass_time(page, numbers, 25)
    assert page.locator('.map-pulse[data-code="IS"]').count()
    for _ in range(4):
        page.get_by_role("button", name="Zoom in").click()
        page.clock.run_for(400)
    assert page.locator('.map-pulse[data-code="IS"]').count() == 0
    assert page.locator('.map-pulse[data-code="DE"]').count()


def test_pause_stops_the_clock_and_the_pulses(page, numbers):
    stop_in_new_turn(page, numbers)
    counted = shown(page)
    pass_time(page, numbers, 7)
    page.get_by_role("button", name="Pause").click()
    # The pulses of this turn that had begun are counted.
    assert shown(page) > counted
    before = len(page.evaluate("window.pulses"))
    assert len(pass_time(page, numbers, 20)) == before
    page.get_by_role("button", name="Resume").click()
    assert len(pass_time(page, numbers, 20)) > before


def test_less_motion_has_the_numbers_and_no_pulses(page, numbers):
    page.emulate_media(reduced_motion="reduce")
    before, counted = len(pass_time(page, numbers, 1)), shown(page)
    assert len(pass_time(page, numbers, 125)) == before
    assert shown(page) - counted > 200
    # A minute has just begun, and its numbers may still be on the way.
    page.locator(".live-time", has_text=re.compile(r"^Showing \d\d:\d\d UTC$")).wait_for()
    assert page.locator(".map-pulse").count() == 0
    assert page.get_by_text("Your device asks for less motion").is_visible()
