"""The project's addresses, and before them those of the references."""

from django.urls import include, path

from bench import views

urlpatterns = [
    path("bench/empty/", views.empty),
    path("bench/rows/", views.RowsView.as_view()),
    path("", include("config.urls")),
]
