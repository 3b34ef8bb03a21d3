"""The addresses of the catalogue."""

from django.urls import path

from api.catalog import views
from api.catalog.views import WRITINGS

urlpatterns = [
    path("catalog", views.CatalogView.as_view(), name="catalog"),
    *(
        path(f"catalog.{one.suffix}", views.WrittenView.as_view(writing=one), name=f"catalog-{one.suffix}")
        for one in WRITINGS.values()
    ),
]
