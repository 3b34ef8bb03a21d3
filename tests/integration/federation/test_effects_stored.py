"""Estimates of panels that are published directly: seals, past views, their cost, and two workers at once."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from django.db import connection, transaction
from django.db.models import Max
from django.test import Client
from django.urls import reverse

from countries import reference
from countries.models import Intervention
from countries.reference import Reference
from federation import effects, worklist
from federation.database import clock, look_up_by_index
from federation.errors import AsOfInFutureError
from federation.models.effects import Estimate
from federation.models.published import Version, VersionCounter
from federation.models.worklist import ClockMark
from federation.published.effects import effects as read
from federation.published.effects import evidence
from federation.rules.effect_result import Reason, Word
from p2p_core import codes, periods
from tests import factories, second_factor
from tests.contract.public.press import Press
from tests.integration import locks
from tests.integration.federation.effects_world import effect_of, intervention, seal, stored

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
SPAN = ("2025-12", "2026-11")
COUNTRIES = [code for code in sorted(codes.COUNTRIES) if code != codes.UNKNOWN][:40]


def weeks(norway=0.5, *, last="2026-W48"):
    """Numbers by week and country. Norway has only a part of the usual from the start on."""
    random, found = np.random.default_rng(7), {}
    for week in periods.between("W", periods.parse("W", "2025-W49"), periods.parse("W", last)):
        values = dict(zip(COUNTRIES, (random.poisson(300, len(COUNTRIES)) * 5).tolist(), strict=True))
        values["NO"] = int(1500 * (norway if week >= MONDAY else 1)) + 5 * int(random.integers(9))
        found[periods.label("W", week)] = values
    return found


def press_with_panel():
    factories.IndicatorFactory.create(number=1, code="NUMBER_1")
    for number in (1, 2, 3):
        factories.AgencyFactory.create(id=number, code=f"NO-{number}")
    press = Press()
    press.compare(12, "W", SPAN, [1, 2, 3], weeks())
    return press


@pytest.fixture
def at_noon(db, monkeypatch):
    ClockMark.objects.update(at=NOW)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "of_host", lambda: NOW)


@pytest.fixture
def press(at_noon):
    return press_with_panel()


def renew(mark=NOW):
    with transaction.atomic():
        # The press gives its versions without the counter.
        VersionCounter.objects.update(last=Version.objects.aggregate(last=Max("number", default=0))["last"])
        effects.renew(1, mark=mark)


# --- seals ------------------------------------------------------------------------------------------------------------


def test_seal_before_the_start_is_in_time(press):
    row = intervention(registered=MONDAY - timedelta(microseconds=1))
    position = seal(row, MONDAY - timedelta(microseconds=1))
    found = effect_of(row)
    assert (found.position, found.sealed, found.is_late) == (position, MONDAY - timedelta(milliseconds=1), False)


def test_seal_that_is_older_than_its_registration_does_not_make_it_early(press):
    """A sealer that stood still gives the time at which it began."""
    row = intervention(registered=MONDAY)
    seal(row, MONDAY - timedelta(seconds=1))
    assert effect_of(row).is_late
    assert effect_of(row, as_of=MONDAY + timedelta(seconds=1)).is_late


def test_seal_at_the_start_is_late(press):
    row = intervention()
    seal(row, MONDAY)
    assert effect_of(row).is_late


def test_intervention_without_a_seal_is_late_once_it_starts(press):
    found = effect_of(intervention())
    assert (found.position, found.sealed, found.is_late) == (None, None, True)
    found = effect_of(intervention(start=date(2026, 12, 7)))
    assert (found.position, found.sealed, found.is_late, found.word) == (None, None, False, Word.REGISTERED)


def at_the_instant(row, instant):
    """The effect, if the intervention had been registered long before."""
    Intervention.objects.update(registered=datetime(2026, 1, 1, tzinfo=UTC))
    return effect_of(row, as_of=instant)


def test_seal_after_an_instant_was_not_known_then(press):
    early, late = intervention(), intervention()
    seal(early, MONDAY - timedelta(days=2))
    seal(late, MONDAY + timedelta(days=2))
    found = [at_the_instant(row, MONDAY + timedelta(days=days)) for row in (early, late) for days in (-3, -1, 1, 3)]
    registered, running = Word.REGISTERED, Word.RUNNING
    assert [(one.position, one.is_late, one.word) for one in found] == [
        *((None, False, registered), (1, False, registered), (1, False, running), (1, False, running)),
        *((None, False, registered), (None, False, registered), (None, True, running), (2, True, running)),
    ]


def test_intervention_was_not_there_before_it_was_registered(press):
    row = intervention()
    [registered] = (one.registered for one in Reference.current().interventions)
    assert read(Reference.current(), as_of=registered - timedelta(milliseconds=1)) == []
    assert [one.intervention.id for one in read(Reference.current(), as_of=registered)] == [row.pk]


def test_future_cannot_be_known(press):
    with pytest.raises(AsOfInFutureError):
        read(Reference.current(), as_of=datetime(2999, 1, 1, tzinfo=UTC))


# --- what is stored ---------------------------------------------------------------------------------------------------


def test_estimate_has_its_version(press):
    row = intervention()
    renew()
    found = effect_of(row)
    assert (found.word, found.version) == (Word.FOUND, 2)
    assert found.known_at == Version.objects.get(number=2).known_at
    assert stored() == [(row.pk, "found", 2, None)]


def test_estimate_stays_when_the_panel_has_moved_past_the_windows(press):
    row = intervention()
    renew()
    before = stored()
    # Its first week is 4 May.
    press.compare(12, "W", ("2026-06", "2027-05"), [1, 2, 3], weeks(norway=1))
    renew(mark=datetime(2027, 6, 1, 12, tzinfo=UTC))
    assert stored() == before
    press.compare(12, "W", ("2026-05", "2027-04"), [1, 2, 3], weeks(norway=1))
    renew(mark=datetime(2027, 6, 1, 12, tzinfo=UTC))
    assert [one[1] for one in stored()] == ["found", "not_found"]
    assert effect_of(row).word == Word.NOT_FOUND


def test_word_never_becomes_running_again(press):
    intervention()
    renew()
    before = stored()
    press.compare(12, "W", ("2025-11", "2026-10"), [1, 2, 3], weeks())
    renew()
    assert stored() == before


def test_panel_is_broken_if_it_is_still_missing_when_no_report_is_awaited(press):
    # Its last week ends on 30 November. That is 91 days before March begins.
    row = intervention()
    press.compare(12, "W", ("2025-11", "2026-10"), [1, 2, 3], weeks())
    renew(mark=datetime(2027, 2, 28, 23, tzinfo=UTC))
    assert (effect_of(row).word, stored()) == (Word.RUNNING, [])
    renew(mark=datetime(2027, 3, 1, 1, tzinfo=UTC))
    assert (effect_of(row).word, effect_of(row).reason) == (Word.CANNOT_BE_TOLD, Reason.PANEL_BROKEN)


def test_indicator_without_a_panel_has_a_broken_one_in_the_end(at_noon):
    factories.IndicatorFactory.create(number=1, code="NUMBER_1")
    row = intervention()
    renew()
    assert (effect_of(row).word, stored()) == (Word.RUNNING, [])
    renew(mark=datetime(2027, 3, 1, 1, tzinfo=UTC))
    assert (effect_of(row).word, effect_of(row).reason) == (Word.CANNOT_BE_TOLD, Reason.PANEL_BROKEN)


def test_indicator_that_is_not_registered_has_no_estimates(at_noon):
    assert not effects.differs(77, mark=NOW)
    effects.renew(77, mark=NOW)
    assert stored() == []


def test_missing_week_breaks_the_panel(press):
    row = intervention()
    there = weeks()
    there.pop("2026-W30")
    press.compare(12, "W", SPAN, [1, 2, 3], there)
    renew()
    assert (effect_of(row).word, effect_of(row).reason) == (Word.CANNOT_BE_TOLD, Reason.PANEL_BROKEN)


def test_longer_windows_need_a_longer_panel(press):
    short, long = intervention(weeks_before=39, weeks_after=4), intervention(weeks_before=40, weeks_after=4)
    renew()
    assert (effect_of(short).result.months, effect_of(long).result) == (12, None)


def test_withheld_countries_are_not_compared_and_have_small_counts_if_treated(press):
    factories.DetailFactory.create(country__code=COUNTRIES[0], step="M", network_step="M")
    factories.DetailFactory.create(country__code="NO", step="W", network_step="W")
    row, treated = intervention(), intervention(countries=[COUNTRIES[0], "NO"])
    reference.snapshots.clear()
    renew()
    assert COUNTRIES[0] not in [one.country for one in evidence(effect_of(row)).units]
    assert effect_of(row).result.of == len(COUNTRIES)
    assert (effect_of(treated).word, effect_of(treated).reason) == (Word.CANNOT_BE_TOLD, Reason.SMALL_COUNTS)


def test_changes_of_several_estimates_are_one_version(press):
    intervention()
    intervention(countries=[COUNTRIES[3]])
    renew()
    assert [one[2:] for one in stored()] == [(2, None), (2, None)]


# --- R402 -------------------------------------------------------------------------------------------------------------


def test_start_page_tells_coordinators_of_a_changed_word(press, admin_user):
    row = intervention(title="Warnings <b>")
    renew()
    press.compare(12, "W", SPAN, [1, 2, 3], weeks(norway=1))
    renew()
    Version.objects.filter(number=4).update(known_at=NOW - timedelta(days=59))
    page = second_factor.signed_in(Client(), admin_user).get(reverse("admin:index"))
    [(number, sentence)] = page.context["changed_words"]
    assert number == row.pk
    assert sentence.startswith("Saturday 3 October 2026: ")
    assert sentence.endswith(f"intervention {row.pk} (Warnings <b>) changed from “found” to “not found”.")
    assert "Warnings &lt;b&gt;" in page.content.decode()
    assert f'<a href="/admin/countries/intervention/{row.pk}/change/">' in page.content.decode()
    Version.objects.filter(number=4).update(known_at=NOW - timedelta(days=61))
    page = second_factor.signed_in(Client(), admin_user).get(reverse("admin:index"))
    assert page.context["changed_words"] == []
    assert "R402" not in page.content.decode()


# --- cost and workers -------------------------------------------------------------------------------------------------


def rows_read():
    """The rows of all tables and indexes that this transaction has read."""
    with connection.cursor() as c:
        c.execute(
            "SELECT sum(pg_stat_get_xact_tuples_returned(oid)) FROM pg_class"
            " WHERE relname ~ '^(federation|countries)_|^one_|_id$' AND relkind IN ('r', 'i')"
        )
        return c.fetchone()[0]


def test_cost_does_not_grow_with_history(press):
    """Earlier interventions with estimates, one a month: five years of them cost what two years cost."""
    intervention()
    renew()
    costs, whole = [], Estimate.objects.get().result
    for year in (2025, 2024, 2023, 2022, 2021, 2020):
        for month in range(1, 13):
            day = date(year, month, 1)
            old = intervention(start=day - timedelta(days=day.weekday()))
            Intervention.objects.filter(pk=old.pk).update(registered=datetime(year - 1, month, 1, tzinfo=UTC))
            Estimate.objects.create(
                intervention=old, word="found", result=whole, evidence={}, version_from=1, version_to=None
            )
        with connection.cursor() as c:
            c.execute("ANALYZE")
        Reference.current()
        before = rows_read()
        with transaction.atomic():
            look_up_by_index()
            assert not effects.differs(1, mark=NOW)
        costs.append(rows_read() - before)
    # A span of three years, and the longest wait, begin in 2023.
    assert costs[0] < costs[1]
    assert costs[3] == costs[4] == costs[5], costs


def atomic_renew():
    with transaction.atomic():
        effects.renew(1, mark=NOW)


@pytest.mark.django_db(transaction=True)
def test_second_of_two_workers_changes_nothing(at_noon):
    press_with_panel()
    VersionCounter.objects.update(last=1)
    row = intervention()
    locks.one_before_the_other(lambda: effects.renew(1, mark=NOW), atomic_renew)
    assert stored() == [(row.pk, "found", 2, None)]
    assert Version.objects.latest("number").number == 2


def test_items_of_an_indicator_are_computed_once(press):
    intervention()
    intervention()
    assert worklist.waiting() == {worklist.effect(1)}
