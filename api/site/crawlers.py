"""What search engines read before they read the pages: robots.txt, and the sitemap with the languages of each page."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from django.contrib.sitemaps import Sitemap
from django.contrib.sites.requests import RequestSite
from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.http.response import HttpResponseBase
from django.urls import path, reverse

from api import caching
from api.site import pages, readings
from api.site.base import PageView
from api.site.docs.library import KINDS, library
from api.site.pages import PageContent, Sources
from api.throttling import costs
from countries.reference import Indicator, Reference

#: A year of numbers says which countries have a page with numbers.
_WINDOW: Final = "P365D"
#: Writing each page in each language takes as long as looking through this many observations.
_COST: Final = 1_000_000
_NAMES: Final = (
    "map", "coverage", "corrections", "effects", "help", "about", "method", "participants", "accessibility", "privacy",
    "data",
)  # fmt: skip


class _InEachLanguage(Sitemap):  # type: ignore[type-arg]  # not generic at run time
    """Pages that exist in each language, by their paths in English."""

    i18n = alternates = x_default = True


class Pages(_InEachLanguage):
    def items(self) -> Sequence[str]:
        return _NAMES

    def location(self, item: str) -> str:
        return reverse(f"site:{item}")


class Countries(_InEachLanguage):
    """The countries and groups that the map's table lists."""

    def items(self) -> Sequence[str]:
        downloads = _downloads()
        reading = readings.window(downloads, _WINDOW) if downloads else None
        return [*reading.groups, *sorted(place.code for place in reading.places)] if reading else ()

    def location(self, item: str) -> str:
        return reverse("site:country", args=(readings.slug(item),))


class Effects(_InEachLanguage):
    """The registered interventions."""

    def items(self) -> Sequence[str]:
        return [str(one.id) for one in Reference.current().interventions]

    def location(self, item: str) -> str:
        return reverse("site:effect", args=(item,))


class Documents(Sitemap):  # type: ignore[type-arg]  # not generic at run time
    """The documentation, which is in English only."""

    def items(self) -> Sequence[str]:
        documents = library().documents
        lists = [kind.address for kind in KINDS.values()] if documents else []
        return sorted({*lists, *(one.address for one in documents.values())})

    def location(self, item: str) -> str:
        return item


#: All that search engines should know of.
SECTIONS: Final = (Pages, Countries, Effects, Documents)


def _downloads() -> Indicator | None:
    return pages.indicators().get(readings.DOWNLOADS)


def _urls(site: RequestSite, scheme: str | None) -> dict[str, Any]:
    costs.charge(_COST)
    return {"urlset": [url for section in SECTIONS for url in section().get_urls(site=site, protocol=scheme)]}


class SitemapPage(PageView):
    """The sitemap has one address. Otherwise each query would write it once more, and fill the cache."""

    template = "sitemap"
    media_type = pages.XML

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if request.META.get("QUERY_STRING"):
            return HttpResponsePermanentRedirect(request.path, headers={"Cache-Control": caching.REFERENCE})
        listed = partial(_urls, RequestSite(request), request.scheme)

        def content() -> PageContent:
            sources = Sources(_downloads(), {_WINDOW}, others=lambda: [library().digest])
            return PageContent(sources, listed, caching.REFERENCE)

        return self.page(request, content)


class RobotsPage(PageView):
    """Needs no data. Search engines would read no page at all if this one failed."""

    template = "robots"
    media_type = pages.TEXT

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return self.page(request, lambda: PageContent(Sources(), dict, caching.REFERENCE))

    def offline_context(self, request: HttpRequest) -> dict[str, Any]:  # noqa: ARG002
        return {}


urlpatterns = [
    path("robots.txt", RobotsPage.as_view(), name="robots"),
    path("sitemap.xml", SitemapPage.as_view(), name="sitemap"),
]
