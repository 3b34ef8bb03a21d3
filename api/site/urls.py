"""The addresses of the pages, under each language."""

from django.urls import path

from api.site import views

app_name = "site"
urlpatterns = [
    path("", views.MapPage.as_view(), name="map"),
    path("countries/<slug:code>/", views.CountryPage.as_view(), name="country"),
    path("countries/<slug:code>/chart.svg", views.ChartPage.as_view(), name="country-chart"),
    path("coverage/", views.CoveragePage.as_view(), name="coverage"),
    path("help/", views.HelpPage.as_view(), name="help"),
    path("about/", views.TextPage.as_view(template="about"), name="about"),
    path("data/", views.DataPage.as_view(), name="data"),
    path("embed/map/", views.MapPage.as_view(template="embed_map", framed=True), name="embed-map"),
    path(
        "embed/country/<slug:code>/",
        views.CountryPage.as_view(template="embed_country", framed=True),
        name="embed-country",
    ),
]
