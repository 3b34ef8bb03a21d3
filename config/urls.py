"""URLs: the admin, those of `api.urls`, the documentation, and the pages in each language: public and of agencies."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("api.urls")),
    path("docs/", include("api.site.docs.urls")),
    path("", include("api.site.crawlers")),
    *i18n_patterns(
        path("agency/", include("api.agency.urls")), path("", include("api.site.urls")), prefix_default_language=False
    ),
]

handler400 = "api.problems.bad_request"
handler403 = "api.agency.not_allowed.permission_denied"
handler404 = "api.agency.no_such_page.not_found"
handler500 = "api.site.failures.server_error"
