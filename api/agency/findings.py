"""Findings about the agency's numbers, and its answers."""

import json
from collections.abc import Sequence
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, gettext_lazy

from api.agency import advice
from api.agency.page import AgencyPage, indicator_names
from federation.database import clock
from federation.errors import FederationError
from federation.findings import chart, decisions, finding_queries, series
from federation.findings.series import FindingPeriods
from federation.geometry import Canvas
from p2p_core.payloads import answers as answer_payload
from p2p_core.payloads.faults import Fault, PayloadError
from p2p_core.rules import rulebook

PAGE: Final = 50
#: How many answers and held reports a finding shows at most.
_SHOWN: Final = 100
#: If a finding has more periods than this, their counts lie too close together for a mark on each.
_MARKED: Final = 60
#: The chart is as wide as the page.
_PER_CENT: Final = Canvas()
_REMARK: Final = "/remark"
_TRACE: Final = gettext_lazy("A remark must not contain IP or MAC addresses, hashes or e-mail addresses. Remove them.")


class Findings(AgencyPage):
    """The findings that are not closed, or all findings, newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        every = "all" in request.GET
        before = request.GET.get("before", "")
        rows = finding_queries.findings(
            finding_queries.Filter(states=None if every else ("open", "answered")),
            agency=self.agency.pk,
            before=int(before) if before.isdecimal() and len(before) <= 18 else None,
            limit=PAGE + 1,
        )
        names = indicator_names()
        listed = [(row, names[row.indicator], rulebook.RULES[row.rule].severity.value) for row in rows[:PAGE]]
        return self.page(
            "findings", findings=listed, every=every, before=rows[PAGE - 1].id if len(rows) > PAGE else None
        )


class Finding(AgencyPage):
    """A finding, with the form for the answer."""

    def get(self, _request: HttpRequest, id: int) -> HttpResponse:  # noqa: A002  the name in the address
        return self._finding(id)

    def post(self, request: HttpRequest, id: int) -> HttpResponse:  # noqa: A002
        remark = request.POST.get("remark", "").strip()
        given = {"answer": request.POST.get("answer", ""), **({"remark": remark} if remark else {})}
        try:
            # The page uses the reader of the API, so both refuse the same answers.
            said = answer_payload.read(json.dumps(given).encode())
        except PayloadError as error:
            refused = [
                ("remark" if fault.pointer == _REMARK else "answer", _advice(fault))
                for fault in error.faults or [Fault("", error.code)]
            ]
            return self._finding(id, refused=refused, chosen=given["answer"], remark=remark, status=422)
        try:
            decisions.answer(
                finding=id,
                agency=self.agency.pk,
                answer=said.answer,
                remark=said.remark,
                by=request.user.get_username(),
                now=clock.agreed(),
            )
        except FederationError as error:
            return self._finding(id, refused=[("answer", advice.of_code(error.code))], status=409)
        messages.success(request, gettext("Your answer is saved."))
        return HttpResponseRedirect(request.path)

    def _finding(
        self,
        id: int,  # noqa: A002
        *,
        status: int = 200,
        refused: Sequence[tuple[str, str]] = (),
        **more: str,
    ) -> HttpResponse:
        """The page. If an answer was refused, each reason has the name of its field."""
        row = finding_queries.finding(agency=self.agency.pk, id=id)
        if row is None:
            raise Http404
        names = indicator_names()
        # The chart has only the agency's own counts, even if the rule compares agencies.
        about = FindingPeriods(self.agency.pk, row.indicator, row.frequency, row.period, row.last_period)
        shown = series.around(about, now=clock.now())
        is_known = any(point.value is not None or point.unused is not None for point in shown.points)
        drawn = chart.draw(shown, _PER_CENT) if is_known else None
        return self.page(
            "finding",
            status=status,
            finding=row,
            rule=rulebook.RULES[row.rule],
            indicator=names[row.indicator],
            chart=drawn,
            marks=drawn.in_finding if drawn and len(drawn.in_finding) <= _MARKED else (),
            points=shown.points,
            answers=finding_queries.answers(finding=id, limit=_SHOWN),
            holds=finding_queries.holds(finding=id, limit=_SHOWN),
            choices=list(answer_payload.ANSWERS),
            refused=refused,
            wrong_remark=[fault for field, fault in refused if field == "remark"],
            **more,
        )


def _advice(fault: Fault) -> str:
    # The advice of the code is about counts.
    is_trace = (fault.pointer, fault.code) == (_REMARK, "personal_trace")
    return str(_TRACE) if is_trace else advice.of_code(fault.code)
