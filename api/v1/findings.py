"""Findings: agencies read those about their own numbers, and answer them."""

from typing import Final

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from api import pagination, parameters
from api.auth import TokenAuthentication
from api.permissions import HasScope, caller_of
from api.problems import Problem
from api.v1 import body, documents, finding_documents, openapi_findings, query_params
from countries.reference import Reference
from federation.database import clock
from federation.findings import decisions, finding_queries
from p2p_core.payloads import answers as answer_payload
from p2p_core.rules import rulebook
from p2p_core.scopes import READ_OWN, SUBMIT

PAGE: Final = 100
FILTERS: Final = ("state", "rule", "severity", "indicator", "frequency", "since")


class FindingsView(APIView):
    """All findings about the agency of the token."""

    authentication_classes = (TokenAuthentication,)
    permission_classes = (HasScope,)
    scopes: Final = {"GET": (READ_OWN,)}

    @openapi_findings.list_findings
    def get(self, request: Request) -> HttpResponse:
        """List own findings, newest first."""
        given = parameters.read(request, optional=(*FILTERS, "cursor"))
        agency = caller_of(request).agency
        question = f"{agency.code} findings {parameters.question(given)}"
        before = pagination.decode(question, given["cursor"], length=1)[0] if "cursor" in given else None
        indicator = None
        if "indicator" in given:
            indicator = query_params.indicator(given["indicator"], Reference.current()).number
        rules = query_params.several(given, "rule", rulebook.RULES)
        severities = query_params.several(given, "severity", tuple(rulebook.Severity))
        if severities is not None:
            as_severe = frozenset(rule.id for rule in rulebook.RULES.values() if rule.severity in severities)
            rules = as_severe if rules is None else rules & as_severe
        wanted = finding_queries.Filter(
            states=query_params.several(given, "state", finding_queries.STATES),
            rules=rules,
            indicator=indicator,
            frequency=query_params.frequency(given["frequency"]) if "frequency" in given else None,
            changed_since=query_params.instant(given, "since"),
        )
        rows = finding_queries.findings(wanted, agency=agency.pk, before=before, limit=PAGE + 1)
        following = None
        if len(rows) > PAGE:
            following = documents.next_page(request, given, pagination.encode(question, rows[PAGE - 1].id))
        return documents.respond(
            documents.Findings(findings=finding_documents.finding_list(request, rows[:PAGE]), next=following)
        )


class FindingView(APIView):
    """One finding about the agency of the token."""

    authentication_classes = (TokenAuthentication,)
    permission_classes = (HasScope,)
    scopes: Final = {"GET": (READ_OWN,)}

    @openapi_findings.get_finding
    def get(self, request: Request, id: int) -> HttpResponse:  # noqa: A002  the name in the address
        """A finding with its answers and the reports that it held."""
        parameters.read(request)
        return _respond(request, id)


class AnswerView(APIView):
    """The agency's answer to a finding."""

    authentication_classes = (TokenAuthentication,)
    permission_classes = (HasScope,)
    scopes: Final = {"POST": (SUBMIT,)}

    @openapi_findings.answer_finding
    def post(self, request: Request, id: int) -> HttpResponse:  # noqa: A002
        """Store an answer, and return the finding with it."""
        query_params.refuse_traces(request)
        parameters.read(request)
        if body.kind_of(request) != "json":
            raise Problem("unsupported_media_type", headers={"Accept": "application/json"})
        said = answer_payload.read(body.read(request, limit=answer_payload.LIMIT))
        caller = caller_of(request)
        decisions.answer(
            finding=id,
            agency=caller.agency.pk,
            answer=said.answer,
            remark=said.remark,
            by=caller.name,
            now=clock.agreed(),
        )
        return _respond(request, id)


def _respond(request: Request, id: int) -> HttpResponse:  # noqa: A002
    row = finding_queries.finding(agency=caller_of(request).agency.pk, id=id)
    if row is None:
        raise Problem("finding_not_found")
    return documents.respond(finding_documents.in_full(request, row))
