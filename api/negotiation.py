"""How views of DRF choose the form of an answer: as DRF does, which fails over an Accept past reading."""

from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation

from api.problems import Problem


class Negotiation(DefaultContentNegotiation):
    """DRF's, which refuses what cannot be read like any other Accept that fits nothing."""

    def select_renderer(self, *arguments: Any, **more: Any) -> Any:
        """Return the renderer and its media type; Python's reader of parameters stumbles where some have no number."""
        try:
            return super().select_renderer(*arguments, **more)
        except TypeError:
            raise Problem("not_acceptable") from None
