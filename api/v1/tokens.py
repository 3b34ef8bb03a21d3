"""Where agencies and coordinators get their tokens: OAuth2 client credentials only."""

import base64
import binascii
import json
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote_plus

from django.db import Error
from django.http import HttpRequest, HttpResponse
from oauth2_provider.views import TokenView as ToolkitTokenView
from oauthlib.oauth2 import BackendApplicationServer

from api.codes import TOKEN_CODES
from api.problems import Problem, is_outage, respond, token_refusal
from api.throttling import rates


class TokenView(ToolkitTokenView):  # type: ignore[misc]  # untyped
    """The token endpoint of RFC 6749; its errors have the form of that document, except for too many requests."""

    server_class = BackendApplicationServer

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # If the header does not authenticate, the toolkit tries the form.
        ids = {request.POST.get("client_id", "")}
        pair = request.headers.get("Authorization", "").partition(" ")[2]
        with suppress(binascii.Error, ValueError):
            ids.add(unquote_plus(base64.b64decode(pair).partition(b":")[0].decode()))
        try:
            reserved = rates.reserve_attempt(frozenset(ids - {""}), request.META.get("REMOTE_ADDR", ""))
        except Problem as refused:
            return respond(refused)
        try:
            response: HttpResponse = self.authorization_flow_token_response(request, *args, **kwargs)
        except Error as error:
            # Nobody checked the secret. If such attempts counted, agencies would be refused when the database is back.
            if is_outage(error):
                rates.give_back(reserved)
            raise
        if response.status_code != HTTPStatus.UNAUTHORIZED:
            rates.give_back(reserved)
        if response.status_code != HTTPStatus.OK:
            response.content = json.dumps(_explained(json.loads(response.content))).encode()
        return response

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ARG002
        """Answer 405 with a problem document."""
        return respond(Problem("method_not_allowed", headers={"Allow": "POST, OPTIONS"}))


def _explained(answer: dict[str, str]) -> dict[str, str]:
    """The toolkit's refusal, with how to fix it and where it is explained."""
    if answer["error"] not in TOKEN_CODES:
        return answer
    return token_refusal(answer["error"], answer.get("error_description", ""))
