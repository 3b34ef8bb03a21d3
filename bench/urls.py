"""The project's addresses, and before them those of the references."""

from django.urls import path

from bench import views
from config import urls

urlpatterns = [
    path("bench/empty/", views.empty),
    path("bench/rows/", views.RowsView.as_view()),
    *urls.urlpatterns,
]
