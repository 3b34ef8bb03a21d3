"""The rules that agencies' numbers are judged by, for everyone, with the thresholds in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Annotated

import msgspec
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from msgspec import Meta as Doc

from api import caching, formats, negotiation, openapi, parameters
from api.caching import PublicView, Representation, Validator
from api.negotiation import JSON
from api.v1 import forms
from p2p_core.rules import rulebook


class ThresholdDocument(msgspec.Struct):
    """A number that the rule depends on. An agency may have its own."""

    name: str
    value: float
    meaning: str


class RuleDocument(msgspec.Struct):
    """A rule that agencies' numbers are judged by."""

    id: str
    name: str
    severity: Annotated[str, forms.one_of(rulebook.Severity)]
    level: Annotated[int, Doc(description="Its validation level in the European Statistical System", ge=0, le=5)]
    holds: Annotated[bool, Doc(description="Whether a report waits for a coordinator if the rule applies to it")]
    when: Annotated[str, Doc(description="When it applies")]
    advice: Annotated[str, Doc(description="What an agency can do")]
    thresholds: list[ThresholdDocument]


class Rules(msgspec.Struct):
    """All rules, by id."""

    rules: list[RuleDocument]


@dataclass(frozen=True, slots=True)
class RuleList:
    """The rules written out; they change with the code and the settings only."""

    def validator(self) -> Validator:
        return self.render().validator

    def render(self) -> Representation:
        rules = [_document(rule, settings.THRESHOLDS) for rule in rulebook.RULES.values()]
        content = formats.encode(Rules(rules))
        validator = Validator(blake2b(content, digest_size=8).hexdigest(), caching.REFERENCE)
        return Representation(validator, content, {"Content-Type": JSON})


def _document(rule: rulebook.Rule, values: Mapping[str, float]) -> RuleDocument:
    return RuleDocument(
        id=rule.id,
        name=rule.name,
        severity=rule.severity,
        level=rule.level,
        holds=rule.holds,
        when=rule.when,
        advice=rule.advice,
        thresholds=[ThresholdDocument(one.name, values[one.name], one.meaning) for one in rule.thresholds],
    )


class RulesView(PublicView):
    """Each rule has an id, a severity, its thresholds, what it looks for, and what to do about a finding."""

    @openapi.public(
        "list_rules",
        "The rules that agencies' numbers are judged by, with the thresholds in force",
        answer=Rules,
        example=msgspec.to_builtins(Rules([_document(rulebook.RULES["R105"], rulebook.DEFAULTS)])),
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        def read() -> RuleList:
            parameters.read(request)
            return RuleList()

        return self.respond(request, negotiation.json_only(request), read)
