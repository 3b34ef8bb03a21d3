"""The next step about an agency in the words of the desk, with the link with which a coordinator does it."""

from datetime import datetime
from typing import Final, NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from countries.models import Agency
from federation.desk.screens import words
from federation.models.findings import FindingState
from federation.overview import AgencyOverview
from federation.overview.steps import Step

_SENTENCES: Final = {
    Step.ACTIVATE: "The agency is not active, so it can neither send nor read.",
    Step.SCHEDULE: "No schedule is valid, so no report is expected of the agency.",
    Step.CREDENTIAL: "The agency has no usable credential and no account, so it cannot send.",
    Step.KEY: "The agency must sign what it sends, and has no usable signing key.",
    Step.SETUP: "There is no set-up yet, so nobody can read what the agency counts with.",
    Step.FIRST_TOKEN: "A credential is issued but was never used. Send the agency the commands below.",
    Step.FIRST_REPORT: "A credential was used, but no report has come yet. The commands below try one.",
    Step.DECIDE: "{held} held.",
    Step.SILENT: "Silent for {age}: no {missing} since {since}.",
    Step.READ_ANSWERS: "{answered} an answer of the agency.",
    Step.ANSWER: "{unanswered} for an answer of the agency.",
    Step.ENDED: "The last schedule ended on {ended}, so no report is expected of the agency any more.",
}
_BY_PEOPLE: Final = "No report has come yet. People of the agency can send a file on their pages."


class NextStep(NamedTuple):
    """A sentence, and the link with which a user does the step. Without the right to do it, there is no link."""

    sentence: str
    link: str = ""
    address: str = ""


class _Link(NamedTuple):
    """What a link says, its address, and the permission that its page needs."""

    text: str
    address: str
    permission: str


def next_step(request: HttpRequest, known: AgencyOverview, *, now: datetime) -> NextStep:
    if not known.steps:
        return NextStep("Nothing to do.")
    step = known.steps[0]
    link, by_people = _links(known)[step], step == Step.FIRST_REPORT and not known.credentials
    sentence = _BY_PEOPLE if by_people else _SENTENCES[step].format_map(_values(known, now))
    if not request.user.has_perm(link.permission):
        return NextStep(sentence)
    return NextStep(sentence, link.text, link.address)


def _values(known: AgencyOverview, now: datetime) -> dict[str, str]:
    """The numbers and times that the sentences name."""
    values = {
        "held": _many(known.held, "report is", "reports are"),
        "answered": _many(known.answered, "finding has", "findings have"),
        "unanswered": _many(known.unanswered, "finding waits", "findings wait"),
    }
    if known.ended:
        values["ended"] = words.day(known.ended, now=now)
    if known.silences:
        longest = known.silences[0]
        values |= {"missing": words.listed(longest.indicators), "since": words.moment(longest.since, now=now)}
        values["age"] = words.age(now - longest.since)
    return values


def _many(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _links(known: AgencyOverview) -> dict[Step, _Link]:
    agency = known.agency
    form = reverse("admin:countries_agency_change", args=[agency.pk])
    silence = [reverse("admin:federation_finding_change", args=[one.finding]) for one in known.silences[:1]]
    if known.credentials:
        first_report = _Link("Go to the commands", "#first-report", "countries.view_credential")
    else:
        accounts = table_of(agency, "agencyaccount")["list"]
        first_report = _Link("See the accounts", accounts, "countries.view_agencyaccount")
    first_held = f"{reverse('admin:federation_hold_next')}?{urlencode({'agency': agency.code})}"
    answered, unanswered = (
        list_of(agency, "finding", state=state.value) for state in (FindingState.ANSWERED, FindingState.OPEN)
    )
    return {
        Step.ACTIVATE: _Link("Edit the agency", form, "countries.change_agency"),
        Step.SCHEDULE: _Link("Add a schedule", f"{form}#schedules-heading", "countries.add_schedule"),
        Step.CREDENTIAL: _new("Issue a credential", agency, "credential"),
        Step.KEY: _new("Register a signing key", agency, "signingkey"),
        Step.SETUP: _new("Enter the set-up", agency, "setup"),
        Step.FIRST_TOKEN: first_report,
        Step.FIRST_REPORT: first_report,
        Step.DECIDE: _Link("Decide", first_held, "federation.decide_hold"),
        Step.SILENT: _Link("Open the finding", "".join(silence), "federation.view_finding"),
        Step.READ_ANSWERS: _Link("Read the answers", answered, "federation.view_finding"),
        Step.ANSWER: _Link("See the findings", unanswered, "federation.view_finding"),
        Step.ENDED: _Link("See the schedules", f"{form}#schedules-heading", "countries.view_schedule"),
    }


def _new(text: str, agency: Agency, model: str) -> _Link:
    return _Link(text, table_of(agency, model)["add"], f"countries.add_{model}")


def list_of(agency: Agency, model: str, **filters: str) -> str:
    """The address of a list of what the agency sent, or of the findings about it."""
    return f"{reverse(f'admin:federation_{model}_changelist')}?{urlencode({'agency': agency.code, **filters})}"


def table_of(agency: Agency, model: str) -> dict[str, str]:
    """The addresses of a list of rows of the agency, and of the form for a new one, which leads back to its page."""
    return {
        "list": f"{reverse(f'admin:countries_{model}_changelist')}?{urlencode({'agency__id__exact': agency.pk})}",
        "add": f"{reverse(f'admin:countries_{model}_add')}?{urlencode({'agency': agency.pk})}",
    }
