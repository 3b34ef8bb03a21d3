"""The project's addresses, and before them those of the references."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from bench import views
from config import urls

urlpatterns = [
    path("bench/empty/", login_not_required(views.empty)),
    path("bench/rows/", login_not_required(views.RowsView.as_view())),
    *urls.urlpatterns,
]
