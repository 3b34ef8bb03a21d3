"""Addresses: the admin and whatever `api.urls` mounts."""

from django.contrib import admin
from django.urls import include, path

admin.site.site_header = admin.site.site_title = "Police2Peer federation"
admin.site.index_title = "The coordinators' desk"
admin.site.site_url = "/api/docs/"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("api.urls")),
]

handler400 = "api.problems.bad_request"
handler403 = "api.problems.permission_denied"
handler404 = "api.problems.not_found"
handler500 = "api.problems.server_error"
