"""What all pages have in common: a connection that reads only what is public, a cached answer, and their headers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from api import caching, problems
from api.site import pages
from api.site.pages import PageAnswer, PageContent
from countries.database.routing import on_public_connection

#: Allows other sites to show the embedded pages, and no other pages.
_EMBEDDABLE: Final = {"frame-ancestors": ["*"]}


# A page has no forms that write. With the CSRF check, a method that is not allowed would get 403 in place of 405.
@method_decorator([login_not_required, csrf_exempt], name="dispatch")
class PageView(View):
    """A page of one template. Other sites may embed pages that are ``embeddable``. Some are not ``translated``."""

    http_method_names = ["get", "head", "options"]
    template = ""
    embeddable = False
    translated = True
    media_type = pages.HTML

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer over a connection that reads only what is public.

        While the database is away, answer with the last page.
        """
        answer = super().dispatch
        try:
            found = caching.or_last_answer(lambda: on_public_connection(lambda: answer(request, *args, **kwargs)))
        except problems.AWAY:
            context = self.offline_context(request)
            if context is None:
                raise
            found = self._without_database(request, context)
        if self.embeddable:
            found.xframe_options_exempt = True  # type: ignore[attr-defined]  # read by Django's middleware
            found._csp_replace = _EMBEDDABLE  # type: ignore[attr-defined]  # noqa: SLF001  as its decorators do
        return found

    def offline_context(self, request: HttpRequest) -> Mapping[str, Any] | None:  # noqa: ARG002  for those that need it
        """What the template shows without the database. None if the page needs it."""
        return None

    def _without_database(self, request: HttpRequest, context: Mapping[str, Any]) -> HttpResponse:
        base = {**self.base_context(request), **pages.offline_shared_context()}
        content, headers = pages.render(self.template, {**base, **context}, self.media_type)
        return HttpResponse(content, headers={**headers, "Cache-Control": "no-store"})

    def page(
        self, request: HttpRequest, content: Callable[[], PageContent], accepted: Sequence[str] | None = None
    ) -> HttpResponseBase:
        """Answer with the page, from the cache if that is still true. Nothing is read before the cache is asked."""
        variant, vary = "page", "Accept-Encoding"
        if accepted is not None:
            variant, vary = " ".join((variant, *accepted)), f"{vary}, Accept-Language"
        return caching.respond(
            request,
            variant,
            vary,
            lambda: PageAnswer(self.template, content, self.base_context(request), self.media_type),
        )

    def base_context(self, request: HttpRequest) -> dict[str, Any]:
        return pages.base_context(request) | ({} if self.translated else {"languages": []})
