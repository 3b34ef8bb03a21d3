"""The addresses of both SDMX roots; what has no route of its own is a structure query, or not there."""

from django.urls import path

from api.sdmx.data_views import DataView2, DataView3

urlpatterns = [
    path("2.1/data/<path:path>", DataView2.as_view(), name="data-2.1"),
    path("3.0/data/<path:path>", DataView3.as_view(), name="data-3.0"),
]
