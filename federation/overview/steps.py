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
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What decides on the next step. ``keys`` is also true if the agency need not sign.

    ``ended`` means that it has had schedules, and the last of them is over.
    """

    active: bool
    schedules: bool
    ended: bool
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

    Held reports wait for a coordinator alone. Without a credential or a key, an agency cannot end a silence. An agency
    whose schedules have ended need not be able to send any more.
    """
    if not agency.active:
        yield Step.ACTIVATE
        return
    may_send, expects_reports = agency.credentials or agency.accounts, not agency.ended
    never_sent = expects_reports and not agency.sent
    wanted = {
        Step.DECIDE: agency.held > 0,
        Step.SCHEDULE: expects_reports and not agency.schedules,
        Step.CREDENTIAL: expects_reports and not may_send,
        Step.KEY: expects_reports and not agency.keys,
        # An agency that has never sent anything has not become silent.
        Step.SILENT: agency.silent and agency.sent,
        Step.SETUP: expects_reports and not agency.setups,
        Step.FIRST_TOKEN: never_sent and agency.credentials and not agency.used,
        Step.FIRST_REPORT: never_sent and may_send and (agency.used or not agency.credentials),
        Step.READ_ANSWERS: agency.answered > 0,
        Step.ANSWER: agency.unanswered > 0,
        Step.ENDED: agency.ended,
    }
    yield from (step for step, is_wanted in wanted.items() if is_wanted)
