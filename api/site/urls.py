"""The addresses of the pages, under each language."""

from django.urls import path

from api.site import views

app_name = "site"
urlpatterns = [
    path("", views.MapView.as_view(), name="map"),
    path("countries/<slug:code>/", views.CountryView.as_view(), name="country"),
    path("countries/<slug:code>/chart.svg", views.ChartView.as_view(), name="country-chart"),
    path("coverage/", views.CoverageView.as_view(), name="coverage"),
    path("help/", views.HelpView.as_view(), name="help"),
    path("about/", views.TextView.as_view(template="about"), name="about"),
    path("data/", views.DataView.as_view(), name="data"),
    path("embed/map/", views.MapView.as_view(template="embed_map", framed=True), name="embed-map"),
    path(
        "embed/country/<slug:code>/",
        views.CountryView.as_view(template="embed_country", framed=True),
        name="embed-country",
    ),
]
