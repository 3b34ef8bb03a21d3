"""The OpenAPI document: the parts that drf-spectacular cannot find by itself, and the parts that all operations share.

Bodies are msgspec structures, and their schemas come from msgspec.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from hashlib import blake2b
from inspect import cleandoc
from types import MappingProxyType
from typing import Any, Final, TypeVar

import msgspec
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from api import caching, parameters, refusals
from api.caching import PublicView, Representation, Validator
from api.parameters import list_values
from api.problems import Problem, token_refusal
from api.refusals import ProblemDetails
from p2p_core.scopes import READ_OWN, SUBMIT

F = TypeVar("F", bound=Callable[..., Any])
Schema = dict[str, Any]

_structures: list[type] = []
_schemas: dict[str, Schema] = {}


def structure(kind: type[msgspec.Struct]) -> Schema:
    """Add the schema of a structure to the document, and refer to it."""
    _structures.append(kind)
    return {"$ref": f"#/components/schemas/{kind.__name__.removesuffix('Document')}"}


def component(name: str, schema: Schema) -> Schema:
    """Add a schema that several places share to the document, and refer to it."""
    _schemas[name] = schema
    return {"$ref": f"#/components/schemas/{name}"}


def body(schema: Schema, example: object, description: str) -> OpenApiResponse:
    examples = [OpenApiExample("example", value=example, response_only=True)]
    return OpenApiResponse(schema, description=description, examples=examples)


def parameter(
    name: str,
    description: str,
    *,
    example: str | None = None,
    required: bool = False,
    among: Sequence[str] | None = None,
    form: str | Schema | None = None,
) -> OpenApiParameter:
    """Describe a query parameter. ``form`` is the pattern or the schema of its values.

    Give no example for a parameter that is usually left out: the viewer fills examples in.
    """
    schema: Schema = form if isinstance(form, dict) else {"type": "string"}
    if isinstance(form, str):
        schema = {**schema, "pattern": form}
    examples = [OpenApiExample("example", value=example)] if example else []
    return OpenApiParameter(name, schema, description=description, required=required, enum=among, examples=examples)


_IF_NONE_MATCH: Final = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag of an earlier answer: 304 if it is still true.",
)


def public(
    operation: str,
    summary: str,
    *,
    answer: type[msgspec.Struct],
    example: object,
    takes: Sequence[OpenApiParameter] = (),
    others: Mapping[str, OpenApiResponse] = MappingProxyType({}),
) -> Callable[[F], F]:
    """Describe a public, read-only operation. ``others`` are its answers of other media types than JSON."""
    responses: dict[Any, Any] = {(200, "application/json"): body(structure(answer), example, "The answer")}
    responses |= {(200, media_type): other for media_type, other in others.items()}
    responses[304] = OpenApiResponse(description="The answer that If-None-Match names is still true")
    return extend_schema(
        operation_id=operation,
        summary=summary,
        tags=["public"],
        auth=[],
        parameters=[*takes, _IF_NONE_MATCH],
        responses=responses,
    )


structure(ProblemDetails)


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How agencies and coordinators authenticate."""

    target_class = "api.auth.TokenAuthentication"
    name = "oauth2"

    def get_security_definition(self, auto_schema: AutoSchema) -> Schema:  # noqa: ARG002  drf-spectacular's signature
        from django.conf import settings

        flow = {"tokenUrl": "/oauth/token/", "scopes": settings.OAUTH2_PROVIDER["SCOPES"]}
        return {"type": "oauth2", "flows": {"clientCredentials": flow}}

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[str]]]:
        """Any one of the scopes that the view names lets in."""
        scopes = getattr(auto_schema.view, "scopes", {}).get(auto_schema.method, ())
        return [{self.name: [scope]} for scope in scopes]


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How coordinators authenticate who are signed in to the admin."""

    target_class = "api.auth.StaffSession"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> Schema:  # noqa: ARG002  drf-spectacular's signature
        from django.conf import settings

        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


_TOKEN_ERROR: Final = {
    "type": "object",
    "required": ["error", "error_description", "error_uri"],
    "properties": {
        "error": {"type": "string"},
        "error_description": {"type": "string", "description": "What is wrong, and how to fix it"},
        "error_uri": {"type": "string", "description": "The address, on this host, that explains the code"},
    },
}
_TOKEN: Final = {
    "post": {
        "operationId": "get_token",
        "summary": "Get a token with a client id and secret (RFC 6749, section 4.4)",
        "tags": ["agency"],
        "security": [{}],
        "requestBody": {
            "required": True,
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": {
                        "type": "object",
                        "required": ["grant_type", "client_id", "client_secret"],
                        "properties": {
                            "grant_type": {"type": "string", "enum": ["client_credentials"]},
                            "client_id": {"type": "string"},
                            "client_secret": {"type": "string"},
                            "scope": {
                                "type": "string",
                                "pattern": "^[a-z:]+( [a-z:]+)*$",
                                "description": "Scopes with blanks between; all if left out",
                            },
                        },
                    },
                    "example": {
                        "grant_type": "client_credentials",
                        "client_id": "the id that was issued",
                        "client_secret": "the secret that was shown once",
                        "scope": f"{SUBMIT} {READ_OWN}",
                    },
                }
            },
        },
        "responses": {
            "200": {
                "description": "A token",
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "required": ["access_token", "token_type", "expires_in", "scope"],
                            "properties": {
                                "access_token": {"type": "string"},
                                "token_type": {"type": "string", "enum": ["Bearer"]},
                                "expires_in": {"type": "integer", "description": "Seconds"},
                                "scope": {"type": "string"},
                            },
                        },
                        "example": {
                            "access_token": "the token",
                            "token_type": "Bearer",
                            "expires_in": 900,
                            "scope": f"{SUBMIT} {READ_OWN}",
                        },
                    }
                },
            },
            "400": {
                "description": "The request breaks RFC 6749; `error` says how",
                "content": {"application/json": {"schema": _TOKEN_ERROR, "example": token_refusal("invalid_request")}},
            },
            "401": {
                "description": "The credential is not valid, has expired or was revoked",
                "content": {"application/json": {"schema": _TOKEN_ERROR, "example": token_refusal("invalid_client")}},
            },
            "429": refusals.reference(429),
            "5XX": refusals.reference("5XX"),
        },
    }
}


def _link(operation: str, place: str, description: str) -> Schema:
    return {"operationId": operation, "parameters": {"id": f"$response.body#{place}"}, "description": description}


#: For each operation, the status of an answer, and the links of this answer by name.
_LINKS: Final = {
    "submit": ("202", {"submission": _link("get_submission", "/id", "Read what became of the reports")}),
    "list_submissions": (
        "200",
        {"newest": _link("get_submission", "/submissions/0/id", "Read what became of the newest submission")},
    ),
    "list_findings": (
        "200",
        {
            "newest": _link("get_finding", "/findings/0/id", "Read the newest finding in full"),
            "answer": _link("answer_finding", "/findings/0/id", "Answer the newest finding"),
        },
    ),
    "get_finding": ("200", {"answer": _link("answer_finding", "/id", "Answer the finding")}),
    "answer_finding": ("200", {"finding": _link("get_finding", "/id", "Read the finding in its new state")}),
}


def complete(result: Schema, generator: object, request: object, public: bool) -> Schema:  # noqa: ARG001, FBT001
    """Add the structures, the token endpoint, and how operations refuse; drf-spectacular calls this."""
    components = result.setdefault("components", {})
    _, schemas = msgspec.json.schema_components(_structures, ref_template="#/components/schemas/{name}")
    for schema in schemas.values():
        # Only from 3.13 on, Python itself removes the indentation of docstrings.
        schema["description"] = cleandoc(schema["description"])
    # In the code, `Document` distinguishes a structure from a model of the same name. Clients read the plain name.
    schemas = msgspec.json.decode(re.sub(rb'(?<=["/])(\w+)Document"', rb'\1"', msgspec.json.encode(schemas)))
    known = components.setdefault("schemas", {})
    known |= {name: schema for name, schema in sorted((schemas | _schemas).items()) if name not in known}
    for path, operations in result["paths"].items():
        for operation in operations.values():
            _complete(path, operation)
    result["paths"]["/oauth/token/"] = _TOKEN
    components["responses"] = refusals.RESPONSES
    components["headers"] = refusals.HEADERS
    return result


def _complete(path: str, operation: Schema) -> None:
    """Add what all operations share: empty parameters are allowed, bodies are required; and the refusals."""
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "query" and not parameter.get("required"):
            parameter["allowEmptyValue"] = True
        if examples := parameter.pop("examples", None):
            # The viewer fills in one example, and would fill in the first value of an enumeration instead of several.
            (parameter["example"],) = (example["value"] for example in examples.values())
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
    if "public" in operation["tags"]:
        for status in ("200", "304"):
            operation["responses"][status].setdefault("headers", {}).update(refusals.OF_PUBLIC_ANSWERS)
    if operation["operationId"] in _LINKS:
        status, links = _LINKS[operation["operationId"]]
        operation["responses"][status]["links"] = links
    operation["responses"] |= refusals.of_operation(path, operation)


@lru_cache(maxsize=4)
def document(form: str, today: date | None = None) -> bytes:
    """The whole document as ``json`` or ``yaml``. It changes with the code only, except for days in examples.

    If the present day is given, examples of ranges are the last four weeks, so that they have numbers.
    """
    schema: Schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    if today is not None:
        days = {"start": today - timedelta(days=28), "end": today - timedelta(days=1)}
        for operation in (one for path in schema["paths"].values() for one in path.values()):
            for parameter in operation.get("parameters", ()):
                if parameter["name"] in days and "example" in parameter:
                    parameter["example"] = days[parameter["name"]].isoformat()
    renderer = OpenApiYamlRenderer() if form == "yaml" else OpenApiJsonRenderer()
    rendered: bytes = renderer.render(schema, renderer_context={})
    return rendered


@dataclass(frozen=True, slots=True)
class Document:
    """The OpenAPI document of the present day as an answer."""

    form: str

    def validator(self) -> Validator:
        return self._validator(self._content())

    def render(self) -> Representation:
        headers = {"Content-Type": f"application/vnd.oai.openapi{'+json' if self.form == 'json' else ''}"}
        content = self._content()
        return Representation(self._validator(content), content, headers)

    def _content(self) -> bytes:
        return document(self.form, timezone.now().date())

    def _validator(self, content: bytes) -> Validator:
        return Validator(f"{blake2b(content, digest_size=8).hexdigest()}.{self.form}", caching.REFERENCE)


class DocumentView(PublicView):
    """`GET /api/schema/`: JSON, or YAML with `format=yaml`."""

    schema = None

    def get(self, request: HttpRequest) -> HttpResponseBase:
        def read() -> Document:
            form = parameters.read(request, optional=("format",)).get("format", "json")
            if form not in ("json", "yaml"):
                raise Problem("bad_parameter", detail=list_values("format", ("json", "yaml")), parameter="format")
            return Document(form)

        return self.respond(request, "", read)
