"""Every address of the API: one list per version, on one screen."""

from django.urls import include, path

from api import files, health
from api.catalog import views as catalog
from api.openapi import DocumentView
from api.sdmx import v21, v30
from api.sdmx.views import AvailabilityView, DataView, RootView, StructuresView
from api.site.docs.views import ApiPage
from api.v1 import (
    aggregates,
    annotations,
    audit,
    corrections,
    effects,
    figures,
    findings,
    reference,
    rules,
    submissions,
    tokens,
    webhook_keys,
)

v1 = [
    path("submissions/", submissions.SubmissionsView.as_view(), name="submissions"),
    path("submissions/<uuid:id>/", submissions.SubmissionView.as_view(), name="submission"),
    path("findings/", findings.FindingsView.as_view(), name="findings"),
    path("findings/<int:id>/", findings.FindingView.as_view(), name="finding"),
    path("findings/<int:id>/answer/", findings.AnswerView.as_view(), name="finding-answer"),
    path("figures/", figures.FiguresView.as_view(), name="figures"),
    path("aggregates/", aggregates.AggregatesView.as_view(), name="aggregates"),
    path("aggregates/live/", aggregates.LiveView.as_view(), name="live"),
    path("aggregates/windows/", aggregates.WindowsView.as_view(), name="windows"),
    path("coverage/", aggregates.CoverageOfPeriodsView.as_view(), name="coverage"),
    path("corrections/", corrections.CorrectionsListView.as_view(), name="corrections"),
    path("effects/", effects.EffectsView.as_view(), name="effects"),
    path("effects/<int:id>/", effects.EffectView.as_view(), name="effect"),
    path("audit/head/", audit.HeadView.as_view(), name="audit-head"),
    path("countries/", reference.CountriesView.as_view(), name="countries"),
    path("networks/", reference.NetworksView.as_view(), name="networks"),
    path("indicators/", reference.IndicatorsView.as_view(), name="indicators"),
    path("annotations/", annotations.AnnotationsView.as_view(), name="annotations"),
    path("agencies/", reference.AgenciesView.as_view(), name="agencies"),
    path("rules/", rules.RulesView.as_view(), name="rules"),
    path("help-services/", reference.HelpServicesView.as_view(), name="help-services"),
    path("webhook-keys/", webhook_keys.WebhookKeysView.as_view(), name="webhook-keys"),
]

sdmx = [
    *(path(root, RootView.as_view(), name="root") for root in ("", "2.1", "2.1/", "3.0", "3.0/")),
    path("2.1/data/<path:path>", DataView.as_view(dialect=v21.DIALECT), name="data-2.1"),
    path("2.1/availableconstraint/<path:path>", AvailabilityView.as_view(dialect=v21.DIALECT), name="availability-2.1"),
    path("2.1/schema/<path:path>", StructuresView.as_view(dialect=v21.DIALECT, of_schemas=True), name="schema-2.1"),
    path("2.1/<path:path>", StructuresView.as_view(dialect=v21.DIALECT), name="structures-2.1"),
    path("3.0/data/<path:path>", DataView.as_view(dialect=v30.DIALECT), name="data-3.0"),
    path("3.0/availability/<path:path>", AvailabilityView.as_view(dialect=v30.DIALECT), name="availability-3.0"),
    path("3.0/schema/<path:path>", StructuresView.as_view(dialect=v30.DIALECT, of_schemas=True), name="schema-3.0"),
    path("3.0/<path:path>", StructuresView.as_view(dialect=v30.DIALECT), name="structures-3.0"),
]

urlpatterns = [
    path("oauth/token/", tokens.TokenView.as_view(), name="token"),
    path("api/v1/", include((v1, "v1"))),
    path("sdmx", RootView.as_view(), name="sdmx"),
    path("sdmx/", include((sdmx, "sdmx"))),
    path("catalog", catalog.CatalogView.as_view(), name="catalog"),
    *(
        path(f"catalog.{one.suffix}", catalog.SyntaxView.as_view(syntax=one), name=f"catalog-{one.suffix}")
        for one in catalog.SYNTAXES.values()
    ),
    path("files/manifest.json", files.ManifestView.as_view(), name="manifest"),
    path("files/<str:name>", files.FileView.as_view(), name="file"),
    path("api/schema/", DocumentView.as_view(), name="schema"),
    path("api/docs/", ApiPage.as_view(), name="docs"),
    path("healthz", health.AliveView.as_view(), name="healthz"),
    path("readyz", health.ReadyView.as_view(), name="readyz"),
    path("metrics", health.MetricsView.as_view(), name="metrics"),
]
