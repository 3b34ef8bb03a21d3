"""Where agencies and coordinators get their tokens: OAuth2 client credentials and nothing else."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from oauth2_provider.views import TokenView as ToolkitTokenView
from oauthlib.oauth2 import BackendApplicationServer

from api.problems import Problem, respond


class TokenView(ToolkitTokenView):  # type: ignore[misc]  # untyped
    """The token endpoint of RFC 6749; its errors have the form of that document."""

    server_class = BackendApplicationServer

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer with a token, or with an error as in RFC 6749, section 5.2."""
        response: HttpResponse = self.authorization_flow_token_response(request, *args, **kwargs)
        return response

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ARG002
        """Answer 405 like everything else here."""
        return respond(Problem("method_not_allowed", headers={"Allow": "POST, OPTIONS"}))
