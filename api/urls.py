"""Every address of the API: one list per version, on one screen."""

from django.urls import include, path
from drf_spectacular.views import SpectacularSwaggerView

from api.openapi import DocumentView
from api.v1 import aggregates, reference

v1 = [
    path("aggregates/", aggregates.AggregatesView.as_view(), name="aggregates"),
    path("aggregates/live/", aggregates.LiveView.as_view(), name="live"),
    path("aggregates/windows/", aggregates.WindowsView.as_view(), name="windows"),
    path("coverage/", aggregates.CoverageOfPeriodsView.as_view(), name="coverage"),
    path("countries/", reference.CountriesView.as_view(), name="countries"),
    path("networks/", reference.NetworksView.as_view(), name="networks"),
    path("indicators/", reference.IndicatorsView.as_view(), name="indicators"),
    path("agencies/", reference.AgenciesView.as_view(), name="agencies"),
    path("help-services/", reference.HelpServicesView.as_view(), name="help-services"),
]

urlpatterns = [
    path("api/v1/", include((v1, "v1"))),
    path("api/schema/", DocumentView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(), name="docs"),
]
