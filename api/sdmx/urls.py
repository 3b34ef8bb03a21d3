"""The addresses below `/sdmx`: both roots, and what is at each; what has no route of its own is a structure query."""

from django.urls import path

from api.sdmx.availability_views import AvailabilityView2, AvailabilityView3
from api.sdmx.data_views import DataView2, DataView3
from api.sdmx.root_views import RootView
from api.sdmx.schema_views import NewerSchemaView, OlderSchemaView
from api.sdmx.structure_views import NewerView, OlderView

urlpatterns = [
    *(path(root, RootView.as_view(), name="root") for root in ("", "2.1", "2.1/", "3.0", "3.0/")),
    path("2.1/data/<path:path>", DataView2.as_view(), name="data-2.1"),
    path("2.1/availableconstraint/<path:path>", AvailabilityView2.as_view(), name="availability-2.1"),
    path("2.1/schema/<path:rest>", OlderSchemaView.as_view(), name="schema-2.1"),
    path("2.1/<path:rest>", OlderView.as_view(), name="structures-2.1"),
    path("3.0/data/<path:path>", DataView3.as_view(), name="data-3.0"),
    path("3.0/availability/<path:path>", AvailabilityView3.as_view(), name="availability-3.0"),
    path("3.0/schema/<path:rest>", NewerSchemaView.as_view(), name="schema-3.0"),
    path("3.0/<path:rest>", NewerView.as_view(), name="structures-3.0"),
]
