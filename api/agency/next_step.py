"""What the people of an agency have to do next, in the language of the page."""

from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from api.site.templatetags import cldr
from federation.overview import AgencyOverview
from federation.overview.steps import Step

_SENTENCES = {
    Step.SCHEDULE: gettext_lazy(
        "Nothing is expected from your agency yet. A coordinator will say what is expected, and from which day."
    ),
    Step.KEY: gettext_lazy(
        "Your agency must sign what it sends, but has no usable signing key. Give a coordinator your public key."
    ),
    Step.SETUP: gettext_lazy("The set-up of your agency is missing. Tell a coordinator what it counts with."),
    Step.FIRST_TOKEN: gettext_lazy("Nothing has come from your agency yet. Send a first report."),
    Step.FIRST_REPORT: gettext_lazy("Nothing has come from your agency yet. Send a first report."),
    Step.SILENT: gettext_lazy("Reports of your agency are missing since {since}. Send them."),
    Step.ANSWER: gettext_lazy("Findings about your numbers wait for your answer. Answer them."),
    Step.ENDED: gettext_lazy("Nothing is expected from your agency any more."),
}
_SEND = {Step.FIRST_TOKEN, Step.FIRST_REPORT, Step.SILENT}


class NextStep(NamedTuple):
    """A sentence, and the link with which it is done, if it is done on these pages."""

    sentence: str
    link: str = ""
    address: str = ""


def next_step(known: AgencyOverview) -> NextStep:
    """The most urgent step that is the agency's. The others are for coordinators."""
    step = next((one for one in known.steps if one in _SENTENCES), None)
    if step is None:
        return NextStep(gettext("You have nothing to do."))
    since = cldr.period(known.silences[0].since, known.silences[0].frequency) if step == Step.SILENT else ""
    sentence = _SENTENCES[step].format(since=since)
    # Files from a browser have no signature.
    if step in _SEND and not known.agency.signature_required:
        return NextStep(sentence, gettext("Send a file"), reverse("agency:send"))
    if step == Step.ANSWER:
        return NextStep(sentence, gettext("Findings"), reverse("agency:findings"))
    return NextStep(sentence)
