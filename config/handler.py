"""Django's handler of requests, for requests on which Django itself fails before any code of ours runs."""

from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest


class Request(WSGIRequest):
    """A request whose Content-Type cannot be read has none, and fails no earlier than any other."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]  # Django's own, untold by its types
        except (ValueError, TypeError):
            self.content_type, self.content_params = "", {}


class Handler(WSGIHandler):
    """Django's, with our requests."""

    request_class = Request
