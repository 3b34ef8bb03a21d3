"""Sends a file in two steps: first a dry run, and then the same file again to confirm.

Nothing that is not confirmed is stored. A signed stamp joins the two steps. It has the digest of the file, for whom the
file was checked, and when. The stamp is also the `Idempotency-Key`, so a form that is sent twice makes only one
submission.
"""

import time
from collections import Counter
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner, b62_decode
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext

from api import requests
from api.agency import advice
from api.agency.page import AgencyPage, indicator_names
from api.codes import CODES
from api.negotiation import XLSX
from api.problems import Problem, problem_of
from api.throttling import costs, rates
from api.v1.submissions import store
from countries.reference import Reference
from federation.database import clock
from federation.errors import FederationError
from federation.intake import dry_run, queries
from p2p_core.payloads.faults import LISTED, Advice, Fault, PayloadError
from p2p_core.reports import NewSubmission
from p2p_core.workbooks import files, reading, sentences, sheets, unpacking, writing
from p2p_core.workbooks.reading import CellFault, Reading, WorkbookError

#: How long a dry run may be confirmed.
CONFIRMED_WITHIN: Final = timedelta(minutes=30)
#: How far the clock of the machine that stamped may be ahead. A later stamp could be confirmed for too long.
_AHEAD: Final = timedelta(seconds=30)
#: How many reports and findings a dry run shows.
SHOWN: Final = 200
_MIB: Final = 1024 * 1024
#: The most bytes of an unpacked workbook. A program at an agency reads more, but here other users wait meanwhile.
UNPACKED: Final = 16 * _MIB
#: The largest size of sheets that come back with their wrong cells coloured.
COLOURED: Final = 100_000
_TOO_LARGE: Final = Advice(
    "On this page, a workbook may have {size} MiB, unpacked. Divide it, or remove pictures and sheets without reports.",
    size=UNPACKED // _MIB,
)
_NEITHER: Final = Advice(
    "This is neither a workbook (xlsx, ods) nor a table as CSV. Open the file in the program that contains the counts, "
    "and save it as one of these."
)


class Send(AgencyPage):
    """Asks for a file, and says what would become of it. Stores the file when it comes again, with its stamp."""

    def get(self, _request: HttpRequest) -> HttpResponse:
        return self._ask()

    def post(self, request: HttpRequest) -> HttpResponse:
        sent: Any = request.FILES.get("file")
        if self.agency.signature_required or sent is None:
            # A file that is too large never gets here.
            size = settings.FILE_UPLOAD_MAX_MEMORY_SIZE // _MIB
            missing = gettext("No file came, or it is larger than %d MiB. Choose a file.") % size
            return self._ask(problem=missing, status=422)
        try:
            allowance = rates.count(rates.SUBMISSIONS_PER_AGENCY, str(self.agency.pk))
            if allowance.left < 0:
                raise rates.refusal(allowance)
            with costs.read_file(self.agency.pk):
                return self._answer(sent.name, sent.read())
        except (PayloadError, FederationError, Problem) as error:
            problem = problem_of(error) or Problem("invalid_payload")
            earlier = error.earlier if isinstance(error, PayloadError) else {}
            told = [fault_in_words(one, earlier.get(one.pointer)) for one in problem.faults]
            return self._refuse(problem, told)

    def _answer(self, name: str, content: bytes) -> HttpResponse:
        if files.is_misnamed(name, content):
            raise unpacking.unreadable()
        try:
            kind, found = self._read(content)
        except WorkbookError as error:
            is_wanted = "coloured" in self.request.POST and writing.has_wrong_cells(error)
            return self._coloured(error, content) if is_wanted else self._refuse_cells(error)
        return self._store(found.submission) if self._is_confirmed(found.submission) else self._preview(kind, found)

    def _read(self, content: bytes) -> tuple[str, Reading]:
        """The kind of a file and what is in it. Times of a workbook are in the time zone of the agency's set-up."""
        if sheets.is_workbook(content) and unpacking.unpacked_size(content) > UNPACKED:
            raise PayloadError("body_too_large", detail=_TOO_LARGE)
        indicators, agency = Reference.current().indicator_numbers, self.agency.code
        received = clock.agreed()
        return files.read(content, received=received, indicators=indicators, agency=agency, clock=self.clock_of_files())

    def _is_confirmed(self, submission: NewSubmission) -> bool:
        stamp = self.request.POST.get("stamp", "")
        try:
            stamped = _signer.unsign(stamp, max_age=CONFIRMED_WITHIN)
        except BadSignature:
            return False
        # Django's signer accepts a stamp of any time in the future.
        _, stamped_at, _ = stamp.rsplit(_signer.sep, 2)
        is_early = b62_decode(stamped_at) > time.time() + _AHEAD.total_seconds()
        return bool(stamped == self._subject(submission)) and not is_early

    def _subject(self, submission: NewSubmission) -> str:
        # With another set-up, the same file has other times.
        read_by = f"{self.clock_of_files().zone} {self.clock_of_files().local_days}"
        return f"{self.agency.pk} {self.request.user.pk} {submission.media} {submission.digest.hex()} {read_by}"

    def _store(self, submission: NewSubmission) -> HttpResponse:
        key, by = self.request.POST["stamp"], self.request.user.get_username()
        receipt = store(self.agency, submission, key=sha256(key.encode()).hexdigest(), by=by, from_pages=True)
        self.request.META[requests.SUBMISSION] = str(receipt.submission_id)
        return HttpResponseRedirect(reverse("agency:submission", args=[receipt.submission_id]))

    def _preview(self, kind: str, read: Reading) -> HttpResponse:
        submission = read.submission
        found = dry_run.preview(self.agency, submission)
        names = indicator_names()
        shown = submission.reports[:SHOWN]
        outcomes = Counter(outcome.value for outcome in found.outcomes)
        rows = zip(shown, queries.totals(shown, agency=self.agency.pk), found.outcomes, strict=False)
        return self._ask(
            stamp=_signer.sign(self._subject(submission)),
            # The file is not the one that was checked, or the check is too old.
            again="stamp" in self.request.POST,
            # If the API reads the file as it is, none of its times are local.
            zone=str(self.clock_of_files().zone) if kind == "workbook" else "",
            notes=[advice.translated(note) for note in read.notes],
            reports=len(submission.reports),
            outcomes=outcomes.items(),
            withdraws="withdrawn" in outcomes,
            previewed=[(report, names[report.indicator], total, outcome.value) for report, total, outcome in rows],
            findings=found.findings[:SHOWN],
            more=max(len(submission.reports), len(found.findings)) > SHOWN,
        )

    def _refuse_cells(self, error: WorkbookError) -> HttpResponse:
        faults = [_cell_in_words(cell, str(cell.place)) for cell in error.cells[:LISTED]]
        problem = problem_of(error) or Problem("invalid_payload")
        return self._refuse(problem, faults, has_cells=writing.can_colour(error, COLOURED))

    def _coloured(self, error: WorkbookError, content: bytes) -> HttpResponse:
        """The refused file, which came again, with its wrong cells coloured."""
        coloured = writing.refused(content, error, size=COLOURED, translate=advice.translated)
        return _download(coloured, f"{self.agency.code}-coloured.xlsx")

    def _refuse(self, problem: Problem, faults: list[tuple[str, str, str]], **more: bool) -> HttpResponse:
        """Refuse the file. A fault has its place, what is wrong, and what to do."""
        # The advice of the codes about encodings is for programmers. A picture, for example, gets one of them.
        refused = _NEITHER if problem.code in files.OF_ENCODINGS else problem.detail
        told = advice.translated(refused) if isinstance(refused, Advice) else advice.of_code(problem.code)
        unlisted = problem.fault_count - len(faults)
        # A file without a header has a fault, and no place of it.
        has_places = any(place for place, _, _ in faults)
        answer = self._ask(
            status=problem.status, refused=told, faults=faults, has_places=has_places, unlisted=unlisted, **more
        )
        for name, value in problem.headers.items():
            answer[name] = value
        return answer

    def _ask(self, status: int = 200, **context: Any) -> HttpResponse:
        return self.page("send", status=status, minutes=CONFIRMED_WITHIN // timedelta(minutes=1), **context)


class Template(AgencyPage):
    """An empty workbook with the lists to choose from."""

    def get(self, _request: HttpRequest) -> HttpResponse:
        names = {row.code: row.name for row in Reference.current().indicators}
        content = writing.template(names, clock=self.clock_of_files(), year=clock.now().year)
        return _download(content, f"{self.agency.code}.xlsx")


def _download(content: bytes, name: str) -> HttpResponse:
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=XLSX, headers=headers)


def fault_in_words(fault: Fault, earlier: int | None = None) -> tuple[str, str, str]:
    """A fault of JSON with its pointer, or one of CSV with its row and column as a spreadsheet shows them."""
    cell = reading.in_table(fault, earlier)
    if cell is None:
        return fault.pointer, gettext(CODES[fault.code].title), advice.translated(fault.advice)
    words = gettext("Row %(row)d, column %(column)s") if cell.place.column else gettext("Row %(row)d")
    return _cell_in_words(cell, words % cell.place._asdict())


def _cell_in_words(cell: CellFault, place: str) -> tuple[str, str, str]:
    detail = _no_header() if cell.detail == sentences.NO_HEADER else cell.detail
    return place, advice.translated(sentences.title(cell.code)), advice.translated(detail)


def _no_header() -> Advice:
    """The advice of the core names a command, and the page has a link."""
    return Advice(
        "None of the first {rows} rows names the columns {columns}. Put your counts into a template: choose “{link}” "
        "below.",
        **sentences.NO_HEADER.values,
        link=gettext("Download an empty template"),
    )


_signer: Final = TimestampSigner(salt="api.agency.send")
