"""Sending a file in two steps: a dry run, and the same file again to confirm.

Nothing that is not confirmed is stored. What joins the steps is a stamp: the digest of the file, for whom it was
checked and when, with a signature. The stamp is also the `Idempotency-Key`, so a form that is sent twice is one
submission.
"""

from collections import Counter
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext

from api import requests
from api.agency.page import AgencyPage
from api.codes import CODES
from api.problems import Problem, problem_of
from api.site import pages
from api.throttling import rates
from api.v1.submissions import store
from countries.reference import Reference
from federation.database import clock
from federation.errors import FederationError
from federation.intake import dry_run
from p2p_core.payloads import submissions
from p2p_core.payloads.faults import PayloadError
from p2p_core.reports import NewSubmission
from p2p_core.rules.rulebook import say

#: How long a dry run may be confirmed.
CONFIRMED_WITHIN: Final = timedelta(minutes=30)
#: How many reports and findings a dry run shows.
SHOWN: Final = 200
_MIB: Final = 1024 * 1024


class Send(AgencyPage):
    """Asks for a file, says what would become of it, and stores it once the same file comes with its stamp."""

    def get(self, _request: HttpRequest) -> HttpResponse:
        return self._ask()

    def post(self, request: HttpRequest) -> HttpResponse:
        sent: Any = request.FILES.get("file")
        if self.agency.signature_required or sent is None:
            # A file that is too large does not come here.
            size = settings.FILE_UPLOAD_MAX_MEMORY_SIZE // _MIB
            problem = gettext("No file came, or it is larger than %d MiB. Choose a file.") % size
            return self._ask(problem=problem, status=422)
        content = sent.read()
        try:
            self._count()
            submission = self._read(content)
            if self._is_confirmed(submission):
                return self._store(submission)
            return self._preview(submission)
        except (PayloadError, FederationError, Problem) as error:
            return self._refuse(problem_of(error) or Problem("invalid_payload"))

    def _count(self) -> None:
        allowance = rates.count(rates.SUBMISSIONS_PER_AGENCY, str(self.agency.pk))
        if allowance.left < 0:
            raise rates.refusal(allowance)

    def _read(self, content: bytes) -> NewSubmission:
        kind = "json" if content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[") else "csv"
        indicators = Reference.current().indicator_numbers
        return submissions.read(content, kind, received=clock.agreed(), indicators=indicators, agency=self.agency.code)

    def _is_confirmed(self, submission: NewSubmission) -> bool:
        try:
            stamped = _signer.unsign(self.request.POST.get("stamp", ""), max_age=CONFIRMED_WITHIN)
        except BadSignature:
            return False
        return bool(stamped == self._subject(submission))

    def _subject(self, submission: NewSubmission) -> str:
        return f"{self.agency.pk} {self.request.user.pk} {submission.media} {submission.digest.hex()}"

    def _store(self, submission: NewSubmission) -> HttpResponse:
        key, by = self.request.POST["stamp"], self.request.user.get_username()
        receipt = store(self.agency, submission, key=sha256(key.encode()).hexdigest(), by=by)
        self.request.META[requests.SUBMISSION] = str(receipt.submission_id)
        return HttpResponseRedirect(reverse("agency:submission", args=[receipt.submission_id]))

    def _preview(self, submission: NewSubmission) -> HttpResponse:
        found = dry_run.preview(self.agency, submission)
        names = {one.number: one.name for one in pages.indicators().values()}
        pairs = zip(submission.reports[:SHOWN], found.outcomes, strict=False)
        return self._ask(
            stamp=_signer.sign(self._subject(submission)),
            # The file is not the one that was checked, or the check is too old.
            again="stamp" in self.request.POST,
            submission=submission,
            reports=len(submission.reports),
            outcomes=Counter(outcome.value for outcome in found.outcomes).items(),
            previewed=[(report, names[report.indicator], outcome.value) for report, outcome in pairs],
            findings=[
                say(one.rule, one.frequency, one.period, one.last_period, one.facts) for one in found.findings[:SHOWN]
            ],
            more=max(len(submission.reports), len(found.findings)) > SHOWN,
        )

    def _refuse(self, problem: Problem) -> HttpResponse:
        faults = [(_place(fault.pointer), CODES[fault.code].advice) for fault in problem.faults]
        answer = self._ask(
            status=problem.status, refused=problem.detail, faults=faults, unlisted=problem.fault_count - len(faults)
        )
        for name, value in problem.headers.items():
            answer[name] = value
        return answer

    def _ask(self, status: int = 200, **context: Any) -> HttpResponse:
        return self.page("send", status=status, minutes=CONFIRMED_WITHIN // timedelta(minutes=1), **context)


def _place(pointer: str) -> str:
    """A row of CSV as a spreadsheet counts it, with the header as the first; another place as it is."""
    _, kind, number, *column = (*pointer.split("/"), "", "")
    if kind != "rows" or not number.isdecimal():
        return pointer
    words = gettext("Row %(row)d %(column)s") % {"row": int(number) + 2, "column": " ".join(column)}
    return words.strip()


_signer: Final = TimestampSigner(salt="api.agency.send")
