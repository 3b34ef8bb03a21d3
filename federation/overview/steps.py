"""What is to be done about an agency next, from what is known of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """Something that somebody has to do. The words for it differ between the desk and the pages of the agency."""

    ACTIVATE = "activate"
    SCHEDULE = "schedule"
    CREDENTIAL = "credential"
    KEY = "key"
    SETUP = "setup"
    FIRST_TOKEN = "first token"  # noqa: S105  a name, no secret
    FIRST_REPORT = "first report"
    DECIDE = "decide"
    SILENT = "silent"
    READ_ANSWERS = "read answers"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What decides on the next step. ``keys`` is also true if the agency need not sign."""

    active: bool
    schedules: bool
    credentials: bool
    accounts: bool
    keys: bool
    setups: bool
    used: bool
    sent: bool
    held: int
    silent: bool
    answered: int
    unanswered: int


def steps(agency: Standing) -> Iterator[Step]:
    """All steps, the most urgent first. A decision is a minute's work, so it comes before a silence."""
    if not agency.active:
        yield Step.ACTIVATE
        return
    may_send = agency.credentials or agency.accounts
    wanted = {
        Step.SCHEDULE: not agency.schedules,
        Step.CREDENTIAL: not may_send,
        Step.KEY: not agency.keys,
        Step.SETUP: not agency.setups,
        Step.FIRST_TOKEN: not agency.sent and agency.credentials and not agency.used,
        Step.FIRST_REPORT: not agency.sent and may_send and (agency.used or not agency.credentials),
        Step.DECIDE: agency.held > 0,
        # An agency that has never sent anything has not become silent.
        Step.SILENT: agency.silent and agency.sent,
        Step.READ_ANSWERS: agency.answered > 0,
        Step.ANSWER: agency.unanswered > 0,
    }
    yield from (step for step, is_wanted in wanted.items() if is_wanted)
