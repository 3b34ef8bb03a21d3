"""Django's handler of requests, extended: for requests on which Django fails before our code runs, and for HEAD."""

from typing import Any, Final

from django.core.handlers.exception import response_for_exception
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase

_WITHOUT_CONTENT: Final = frozenset((204, 304))


class Request(WSGIRequest):
    """If the Content-Type of a request cannot be read, the request counts as one without.

    So it fails no earlier than others.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]  # Django's own, untold by its types
        except (ValueError, TypeError):
            self.content_type, self.content_params = "", {}


class Handler(WSGIHandler):
    """Django's, with our requests. An answer to HEAD has no content, only the length of that to GET."""

    request_class = Request

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, and remove the content of a HEAD answer: a client would read it as the next answer."""
        answer: Any
        try:
            answer = super().get_response(request)
        except BaseException as error:  # noqa: BLE001  Django answers all others itself
            # Libraries in Rust panic with such an exception. Without an answer, the connection would stay open.
            answer = response_for_exception(request, RuntimeError(type(error).__name__))
        if not answer.streaming and answer.status_code not in _WITHOUT_CONTENT:
            # Public answers do not pass the middleware that adds the length. Without a length, the connection would
            # end.
            answer.headers.setdefault("Content-Length", str(len(answer.content)))
            if request.method == "HEAD":
                answer.content = b""
        return answer  # type: ignore[no-any-return]
