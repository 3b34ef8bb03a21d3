"""The addresses of the pages, under each language."""

from django.urls import path

from api.site import views
from api.site.calendars import CalendarPage
from api.site.feeds import FeedPage
from api.site.help import HelpPage

app_name = "site"
urlpatterns = [
    path("", views.MapPage.as_view(), name="map"),
    path("countries/", views.CountriesPage.as_view(), name="all-countries"),
    path("countries/<slug:code>/", views.CountryPage.as_view(), name="country"),
    path("countries/<slug:code>/chart.svg", views.ChartPage.as_view(), name="country-chart"),
    path("coverage/", views.CoveragePage.as_view(), name="coverage"),
    path("corrections/", views.CorrectionsPage.as_view(), name="corrections"),
    path("effects/", views.EffectsPage.as_view(), name="effects"),
    path("effects/<slug:id>/", views.EffectPage.as_view(), name="effect"),
    path("help/", HelpPage.as_view(), name="help"),
    path("about/", views.TextPage.as_view(template="about"), name="about"),
    path("method/", views.TextPage.as_view(template="method"), name="method"),
    path("participants/", views.ParticipantsPage.as_view(), name="participants"),
    path("participants/<str:agency>.ics", CalendarPage.as_view(), name="calendar"),
    path("accessibility/", views.TextPage.as_view(template="accessibility"), name="accessibility"),
    path("privacy/", views.TextPage.as_view(template="privacy"), name="privacy"),
    path("data/", views.DataPage.as_view(), name="data"),
    path("feeds/<slug:kind>.atom", FeedPage.as_view(), name="feed"),
    path("embed/map/", views.MapPage.as_view(template="embed_map", embeddable=True), name="embed-map"),
    path(
        "embed/country/<slug:code>/",
        views.CountryPage.as_view(template="embed_country", embeddable=True),
        name="embed-country",
    ),
]
