"""The steps that an agency needs, from a new one to one that reports."""

import pytest

from federation.overview.steps import Standing, Step, steps

NEW = Standing(
    active=True, schedules=False, ended=False, credentials=False, accounts=False, keys=True, setups=False, used=False,
    sent=False, held=0, silent=False, answered=0, unanswered=0,
)  # fmt: skip
#: What happens to a new agency, one thing after the other, and the step that is then the next.
PATH = [
    ({}, Step.SCHEDULE),
    ({"schedules": True}, Step.CREDENTIAL),
    ({"credentials": True}, Step.SETUP),
    ({"setups": True}, Step.FIRST_TOKEN),
    ({"used": True}, Step.FIRST_REPORT),
    ({"sent": True}, None),
    ({"unanswered": 2}, Step.ANSWER),
    ({"answered": 1}, Step.READ_ANSWERS),
    ({"setups": False}, Step.SETUP),
    ({"silent": True}, Step.SILENT),
    ({"keys": False}, Step.KEY),
    ({"credentials": False}, Step.CREDENTIAL),
    ({"schedules": False}, Step.SCHEDULE),
    ({"held": 1}, Step.DECIDE),
    ({"active": False}, Step.ACTIVATE),
]


def standing(**changes):
    return Standing(**{name: getattr(NEW, name) for name in Standing.__slots__} | changes)


@pytest.mark.parametrize("after", range(len(PATH)))
def test_next_step_after_each_change(after):
    changes = {name: value for some, _ in PATH[: after + 1] for name, value in some.items()}
    assert next(steps(standing(**changes)), None) == PATH[after][1]


def test_an_agency_that_is_not_active_has_one_step():
    assert list(steps(standing(active=False, held=3, silent=True))) == [Step.ACTIVATE]


def test_people_with_an_account_can_send_without_a_credential():
    able = {"schedules": True, "setups": True, "accounts": True}
    assert list(steps(standing(**able))) == [Step.FIRST_REPORT]
    assert list(steps(standing(**able, sent=True))) == []


def test_an_agency_that_never_sent_anything_is_not_silent():
    able = {"schedules": True, "setups": True, "credentials": True, "used": True, "silent": True}
    assert list(steps(standing(**able))) == [Step.FIRST_REPORT]
    assert list(steps(standing(**able, sent=True))) == [Step.SILENT]


def test_an_agency_whose_schedules_ended_need_not_be_able_to_send():
    ended = {"ended": True, "sent": True, "keys": False}
    assert list(steps(standing(**ended))) == [Step.ENDED]
    assert list(steps(standing(**ended, silent=True, unanswered=1, held=1))) == [
        Step.DECIDE,
        Step.SILENT,
        Step.ANSWER,
        Step.ENDED,
    ]
    assert list(steps(standing(ended=True))) == [Step.ENDED]
