"""The rules that notice things, for everyone: what each means, what it does, and from where on."""

from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Annotated

import msgspec
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from msgspec import Meta as Doc

from api import caching, formats, openapi, parameters
from api.caching import PublicView, Rendered, Stamp
from api.formats import JSON
from federation import rulebook


class Threshold(msgspec.Struct):
    """A number that decides. An agency may have its own."""

    name: str
    value: float
    meaning: str


class Rule(msgspec.Struct):
    """A rule that notices something about an agency's numbers."""

    id: str
    name: str
    severity: Annotated[str, Doc(pattern="^(warning|error)$")]
    level: Annotated[int, Doc(description="Its validation level in the European Statistical System", ge=0, le=5)]
    holds: Annotated[bool, Doc(description="Whether a report that it notices waits for a coordinator")]
    when: Annotated[str, Doc(description="What it notices")]
    mend: Annotated[str, Doc(description="What an agency can do")]
    thresholds: list[Threshold]


class Rules(msgspec.Struct):
    """All rules, by id."""

    rules: list[Rule]


@dataclass(frozen=True, slots=True)
class Written:
    """The rules written out; they change with the code and the settings only."""

    def stamp(self) -> Stamp:
        return _stamp(_content())

    def render(self) -> Rendered:
        content = _content()
        return Rendered(_stamp(content), content, {"Content-Type": JSON})


class RulesView(PublicView):
    """What findings are made by."""

    @openapi.public(
        "list_rules",
        "The rules that notice things, with the thresholds in force",
        answer=Rules,
        example={
            "rules": [
                {
                    "id": "R105",
                    "name": "unlocated share",
                    "severity": "warning",
                    "level": 1,
                    "holds": False,
                    "when": "A large share of a report could not be located (`_U`).",
                    "mend": "Look whether the IP-to-country database is there and up to date.",
                    "thresholds": [
                        {
                            "name": "R105_SHARE",
                            "value": 0.3,
                            "meaning": "How much could not be located, as a part of the total",
                        }
                    ],
                }
            ]
        },
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        def ask() -> Written:
            parameters.read(request)
            return Written()

        return self.respond(request, formats.json_only(request), ask)


def _content() -> bytes:
    return formats.encode(Rules([_told(row) for row in rulebook.rules()]))


def _told(row: rulebook.RuleRow) -> Rule:
    rule = row.rule
    return Rule(
        id=rule.id,
        name=rule.name,
        severity=str(rule.severity),
        level=rule.level,
        holds=rule.holds,
        when=rule.when,
        mend=rule.mend,
        thresholds=[Threshold(**asdict(one)) for one in row.thresholds],
    )


def _stamp(content: bytes) -> Stamp:
    return Stamp(blake2b(content, digest_size=8).hexdigest(), caching.REFERENCE)
