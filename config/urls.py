"""URLs: the admin, those of `api.urls`, and the pages in each language: the public ones and those of agencies."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("api.urls")),
    *i18n_patterns(
        path("agency/", include("api.agency.urls")), path("", include("api.site.urls")), prefix_default_language=False
    ),
]

handler400 = "api.problems.bad_request"
handler403 = "api.problems.permission_denied"
handler404 = "api.agency.no_such_page.not_found"
handler500 = "api.site.views.server_error"
