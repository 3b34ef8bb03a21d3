"""What is to be done about an agency next, from what is known of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """Something that somebody has to do. The words for it differ between the desk and the pages of the agency."""

    ACTIVATE = "activate"
    DECIDE = "decide"
    SCHEDULE = "schedule"
    CREDENTIAL = "credential"
    KEY = "key"
    SILENT = "silent"
    SETUP = "setup"
    FIRST_TOKEN = "first token"  # noqa: S105  a name, no secret
    FIRST_REPORT = "first report"
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
    """All steps, the most urgent first.

    Held reports wait for a coordinator alone. Without a credential or a key, an agency cannot end a silence.
    """
    if not agency.active:
        yield Step.ACTIVATE
        return
    may_send = agency.credentials or agency.accounts
    wanted = {
        Step.DECIDE: agency.held > 0,
        Step.SCHEDULE: not agency.schedules,
        Step.CREDENTIAL: not may_send,
        Step.KEY: not agency.keys,
        # An agency that has never sent anything has not become silent.
        Step.SILENT: agency.silent and agency.sent,
        Step.SETUP: not agency.setups,
        Step.FIRST_TOKEN: not agency.sent and agency.credentials and not agency.used,
        Step.FIRST_REPORT: not agency.sent and may_send and (agency.used or not agency.credentials),
        Step.READ_ANSWERS: agency.answered > 0,
        Step.ANSWER: agency.unanswered > 0,
    }
    yield from (step for step, is_wanted in wanted.items() if is_wanted)
