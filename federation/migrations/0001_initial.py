"""Reports, what is made of them, and the audit trail; below the models, what Django's models cannot say."""

from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform as KT  # noqa: N817
from django.db.models.functions import Coalesce, Now

APPEND_ONLY = """
CREATE FUNCTION federation_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON federation_signature
    FOR EACH STATEMENT EXECUTE FUNCTION federation_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON federation_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION federation_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON federation_auditseal
    FOR EACH STATEMENT EXECUTE FUNCTION federation_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON federation_frozensum
    FOR EACH STATEMENT EXECUTE FUNCTION federation_refuse_change();
"""

# A writer of an event only adds a row. The sealer chains events afterwards, in one place and in one order.
PENDING = """
CREATE FUNCTION federation_audit_pending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO federation_auditpending (event) VALUES (NEW.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER pending AFTER INSERT ON federation_auditevent
    FOR EACH ROW EXECUTE FUNCTION federation_audit_pending();
"""

# Of the tables with one row. The clock makes work from the time of the migration on.
FIRST_ROWS = """
INSERT INTO federation_versioncounter (id, last) VALUES (1, 0);
INSERT INTO federation_clockmark (id, at) VALUES (1, now());
INSERT INTO federation_watchmark (id, version) VALUES (1, 0);
"""

# Each item of work is a row that is soon deleted. The few pages of the table must not fill with dead rows.
VACUUM = """
ALTER TABLE federation_work SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)
"""

# Compressing the arrays takes five times as long as writing them, a third of the time of reconciliation.
STORAGE = """
ALTER TABLE federation_figure
    ALTER countries SET STORAGE EXTERNAL, ALTER networks SET STORAGE EXTERNAL, ALTER "values" SET STORAGE EXTERNAL;
ALTER TABLE federation_frozensum
    ALTER agencies SET STORAGE EXTERNAL, ALTER countries SET STORAGE EXTERNAL,
    ALTER networks SET STORAGE EXTERNAL, ALTER "values" SET STORAGE EXTERNAL;
"""

# For analysts.
OBSERVATIONS = """
CREATE VIEW federation_observation AS
SELECT agency.code AS agency, indicator.code AS indicator, report.frequency, report.period,
       report.state, report.status, report.prepared, report.received,
       country.code AS country, network.code AS network, cell.value
FROM federation_report AS report
JOIN federation_report AS root ON root.id = coalesce(report.equals_id, report.id)
CROSS JOIN LATERAL unnest(root.countries, root.networks, root.values) AS cell (country, network, value)
JOIN countries_agency AS agency ON agency.id = report.agency_id
JOIN countries_indicator AS indicator ON indicator.number = report.indicator_id
JOIN countries_country AS country ON country.number = cell.country
JOIN countries_network AS network ON network.number = cell.network
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [("countries", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Submission",
            fields=[
                ("id", models.UUIDField(default=uuid4, editable=False, primary_key=True, serialize=False)),
                ("agency", models.ForeignKey(db_index=False, on_delete=models.PROTECT, to="countries.agency")),
                ("received", models.DateTimeField()),
                ("prepared", models.DateTimeField()),
                ("media", models.CharField(max_length=4)),
                ("body_digest", models.BinaryField(max_length=32)),
                ("report_count", models.IntegerField()),
                ("observation_count", models.IntegerField()),
                ("outcomes", models.JSONField()),
                ("from_pages", models.BooleanField()),
            ],
            options={
                "indexes": [models.Index(fields=["agency", "-received", "-id"], name="submission_of_agency"), models.Index(fields=["-received", "-id"], name="submission_newest"),
                    *(models.Index(condition=models.Q(("outcomes__has_key", outcome)), fields=["agency", "-received", "-id"], name=f"submission_{outcome}") for outcome in ("current", "unchanged", "superseded", "held", "withdrawn")),
                    models.Index(condition=models.Q(("from_pages", True)), fields=["agency", "-received", "-id"], name="submission_from_pages"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Signature",
            fields=[
                ("submission", models.OneToOneField(on_delete=models.PROTECT, primary_key=True, serialize=False, to="federation.submission")),
                ("key", models.ForeignKey(db_index=False, on_delete=models.PROTECT, related_name="+", to="countries.signingkey")),
                ("base", models.TextField()),
                ("signature", models.BinaryField(max_length=64)),
                ("base_digest", models.BinaryField(max_length=32)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("base_digest",), name="one_use_of_signature")],
            },
        ),
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("agency", models.ForeignKey(db_index=False, on_delete=models.CASCADE, to="countries.agency")),
                ("key_digest", models.BinaryField(max_length=32)),
                ("body_digest", models.BinaryField(max_length=32)),
                ("submission", models.ForeignKey(on_delete=models.CASCADE, to="federation.submission")),
                ("created", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["created"], name="idempotency_key_age")],
                "constraints": [models.UniqueConstraint(fields=("agency", "key_digest"), name="one_use_of_idempotency_key")],
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("submission", models.ForeignKey(on_delete=models.PROTECT, related_name="reports", to="federation.submission")),
                ("position", models.IntegerField()),
                ("agency", models.ForeignKey(db_index=False, on_delete=models.PROTECT, to="countries.agency")),
                ("indicator", models.ForeignKey(db_index=False, on_delete=models.PROTECT, to="countries.indicator")),
                ("frequency", models.CharField(max_length=1)),
                ("period", models.DateTimeField()),
                ("status", models.CharField(choices=[("A", "final"), ("P", "provisional")], max_length=1)),
                ("withdrawn", models.BooleanField()),
                ("prepared", models.DateTimeField()),
                ("received", models.DateTimeField()),
                ("state", models.CharField(choices=[("current", "current"), ("superseded", "superseded"), ("held", "held"), ("rejected", "rejected")], max_length=10)),
                ("outcome", models.CharField(choices=[("current", "current"), ("unchanged", "unchanged"), ("superseded", "superseded"), ("held", "held"), ("withdrawn", "withdrawn")], max_length=10)),
                ("digest", models.BinaryField(max_length=16)),
                ("equals", models.ForeignKey(null=True, on_delete=models.PROTECT, to="federation.report")),
                ("total", models.BigIntegerField()),
                ("countries", ArrayField(base_field=models.SmallIntegerField(), size=None)),
                ("networks", ArrayField(base_field=models.SmallIntegerField(), size=None)),
                ("values", ArrayField(base_field=models.IntegerField(), size=None)),
            ],
            options={
                "indexes": [models.Index(fields=["indicator", "agency", "frequency", "period"], name="reports_for_period"), models.Index(condition=models.Q(("state__in", ["held", "rejected"])), fields=["agency", "indicator", "frequency", "period"], name="reports_not_used")],
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("state", "current")), fields=("agency", "indicator", "frequency", "period"), include=("total", "withdrawn"), name="one_current_report"),
                    models.UniqueConstraint(condition=models.Q(("state", "held")), fields=("agency", "indicator", "frequency", "period"), name="one_held_report"),
                    models.CheckConstraint(condition=models.Q(("frequency__in", ["N", "H", "D", "M"])), name="report_frequency"),
                    models.CheckConstraint(condition=models.Q(("total__gte", 0)), name="report_total_not_negative"),
                    models.CheckConstraint(condition=models.Q(("countries__len", models.F("networks__len")), ("networks__len", models.F("values__len"))), name="report_arrays_parallel"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rule", models.CharField(max_length=4)),
                ("agency", models.ForeignKey(db_index=False, on_delete=models.PROTECT, to="countries.agency")),
                ("indicator", models.ForeignKey(db_index=False, on_delete=models.PROTECT, to="countries.indicator")),
                ("frequency", models.CharField(max_length=1)),
                ("period", models.DateTimeField()),
                ("last_period", models.DateTimeField()),
                ("report", models.ForeignKey(null=True, on_delete=models.PROTECT, related_name="findings", to="federation.report")),
                ("facts", models.JSONField()),
                ("opened", models.DateTimeField()),
                ("changed", models.DateTimeField()),
                ("state", models.CharField(choices=[("open", "open"), ("answered", "answered by the agency"), ("resolved", "resolved")], default="open", max_length=8)),
                ("resolution", models.CharField(blank=True, choices=[("itself", "its cause is gone"), ("revision", "a newer report came"), ("released", "the held reports were released"), ("rejected", "the held reports were rejected"), ("coordinator", "a coordinator closed it")], default="", max_length=11)),
                ("resolved", models.DateTimeField(null=True)),
                ("resolved_by", models.CharField(blank=True, default="", max_length=200)),
                ("reason", models.TextField(blank=True, default="")),
            ],
            options={
                "permissions": [("resolve_finding", "Can resolve a finding")],
                "indexes": [models.Index(fields=["agency", "-id"], name="finding_of_agency"), models.Index(fields=["agency", "indicator", "frequency", "period"], name="finding_of_period")],
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("resolved__isnull", True)), fields=("rule", "agency", "indicator", "frequency", "period"), name="one_open_finding"),
                    models.CheckConstraint(
                        condition=models.Q(models.Q(("resolved__isnull", False), ("state", "resolved"), models.Q(("resolution", ""), _negated=True)), models.Q(("resolution", ""), ("resolved__isnull", True), models.Q(("state", "resolved"), _negated=True)), _connector="OR"), name="finding_resolved_somehow"
                    ),
                    models.CheckConstraint(condition=models.Q(("last_period__gte", models.F("period"))), name="finding_periods"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("report", models.OneToOneField(on_delete=models.PROTECT, primary_key=True, related_name="hold", serialize=False, to="federation.report")),
                ("finding", models.ForeignKey(on_delete=models.PROTECT, related_name="holds", to="federation.finding")),
                ("rule", models.CharField(max_length=4)),
                ("facts", models.JSONField()),
                ("since", models.DateTimeField()),
                ("decision", models.CharField(blank=True, choices=[("released", "released"), ("rejected", "rejected"), ("superseded", "superseded by a newer report")], default="", max_length=10)),
                ("decided", models.DateTimeField(null=True)),
                ("decided_by", models.CharField(blank=True, default="", max_length=200)),
                ("reason", models.TextField(blank=True, default="")),
            ],
            options={
                "verbose_name": "held report",
                "permissions": [("decide_hold", "Can release or reject a held report")],
                "constraints": [models.CheckConstraint(condition=models.Q(models.Q(("decided__isnull", True), ("decision", "")), models.Q(("decided__isnull", False), models.Q(("decision", ""), _negated=True)), _connector="OR"), name="hold_decided_somehow")],
            },
        ),
        migrations.CreateModel(
            name="Answer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("finding", models.ForeignKey(on_delete=models.PROTECT, related_name="answers", to="federation.finding")),
                ("at", models.DateTimeField()),
                ("by", models.CharField(max_length=200)),
                ("answer", models.CharField(choices=[("confirmed", "the numbers are right"), ("will_resubmit", "right numbers will follow"), ("cannot_fix", "the numbers are wrong, and there are no others")], max_length=13)),
                ("remark", models.TextField(blank=True, default="")),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("silent", "an agency is silent"), ("silence_over", "an agency is no longer silent"), ("held", "reports are held"), ("released", "held reports were released"), ("rejected", "held reports were rejected"), ("resolved", "a coordinator closed a finding"), ("opened", "a finding was opened"), ("answered", "an agency answered a finding"), ("refused", "submissions were refused"), ("ending", "a credential ends soon")], max_length=12)),
                ("at", models.DateTimeField()),
                ("agency", models.ForeignKey(db_index=False, null=True, on_delete=models.PROTECT, to="countries.agency")),
                ("details", models.JSONField()),
                ("once", models.CharField(max_length=120, null=True, unique=True)),
                ("in_mail", models.BooleanField(db_default=False)),
                ("in_webhooks", models.BooleanField(db_default=False)),
            ],
            options={
                "indexes": [models.Index(condition=models.Q(("in_mail", False), ("in_webhooks", False), _connector="OR"), fields=["id"], name="notification_waiting"), models.Index(fields=["at"], name="notification_at")],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                ("id", models.UUIDField(default=uuid4, primary_key=True, serialize=False)),
                ("recipient", models.ForeignKey(null=True, on_delete=models.CASCADE, related_name="messages", to="countries.recipient")),
                ("webhook", models.ForeignKey(null=True, on_delete=models.CASCADE, related_name="messages", to="countries.webhook")),
                ("notifications", models.ManyToManyField(related_name="messages", to="federation.notification")),
                ("day", models.DateField(null=True)),
                ("created", models.DateTimeField()),
                ("due", models.DateTimeField()),
                ("state", models.CharField(choices=[("waiting", "waiting"), ("sending", "being sent"), ("sent", "sent"), ("given_up", "given up")], default="waiting", max_length=8)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("is_repeated", models.BooleanField(default=False)),
                ("error", models.CharField(blank=True, default="", max_length=200)),
                ("sent", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(condition=models.Q(("state__in", ["waiting", "sending"])), fields=["due"], name="message_due")],
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("day__isnull", False)), fields=("recipient", "day"), name="one_digest_a_day"),
                    models.CheckConstraint(condition=models.Q(models.Q(("recipient__isnull", False), ("webhook__isnull", True)), models.Q(("day__isnull", True), ("recipient__isnull", True), ("webhook__isnull", False)), _connector="OR"), name="message_to_one"),
                    models.CheckConstraint(condition=models.Q(models.Q(("sent__isnull", False), ("state", "sent")), models.Q(models.Q(("state", "sent"), _negated=True), ("sent__isnull", True)), _connector="OR"), name="message_sent_when"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Work",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("item", models.BigIntegerField()),
                ("added", models.DateTimeField(db_default=Now())),
            ],
            options={
                "indexes": [models.Index(fields=["item"], name="work_by_urgency")],
                "constraints": [models.CheckConstraint(condition=models.Q(("item__gte", 0)), name="work_can_be_claimed")],
            },
        ),
        migrations.CreateModel(
            name="Failure",
            fields=[
                ("item", models.BigIntegerField(primary_key=True, serialize=False)),
                ("attempts", models.SmallIntegerField()),
                ("reason", models.TextField()),
                ("since", models.DateTimeField()),
                ("retry_at", models.DateTimeField(help_text="If empty, the item was set aside.", null=True)),
            ],
            options={
                "verbose_name": "work that failed",
                "verbose_name_plural": "work that failed",
            },
        ),
        migrations.CreateModel(
            name="ClockMark",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="WatchMark",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("version", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="WorkerProcess",
            fields=[
                ("name", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("seen", models.DateTimeField()),
                ("clock_ahead", models.FloatField(db_default=0)),
                ("sums", models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name="Figure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("agency", models.ForeignKey(db_index=False, on_delete=models.PROTECT, to="countries.agency")),
                ("indicator", models.ForeignKey(db_index=False, on_delete=models.PROTECT, to="countries.indicator")),
                ("frequency", models.CharField(max_length=1)),
                ("period", models.DateTimeField()),
                ("source", models.CharField(choices=[("reported", "reported"), ("derived", "derived"), ("none", "none: all that was reported has been withdrawn")], max_length=8)),
                ("covered_seconds", models.IntegerField()),
                ("reported_seconds", models.IntegerField()),
                ("final", models.BooleanField()),
                ("held", models.BooleanField()),
                ("total", models.BigIntegerField()),
                ("countries", ArrayField(base_field=models.SmallIntegerField(), size=None)),
                ("networks", ArrayField(base_field=models.SmallIntegerField(), size=None)),
                ("values", ArrayField(base_field=models.BigIntegerField(), size=None)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("indicator", "frequency", "period", "agency"), name="one_figure")],
            },
        ),
        migrations.CreateModel(
            name="FrozenSum",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("indicator", models.ForeignKey(db_index=False, on_delete=models.PROTECT, to="countries.indicator")),
                ("frequency", models.CharField(max_length=1)),
                ("period", models.DateTimeField()),
                ("agencies", ArrayField(base_field=models.SmallIntegerField(), size=None)),
                ("countries", ArrayField(base_field=models.SmallIntegerField(), size=None)),
                ("networks", ArrayField(base_field=models.SmallIntegerField(), size=None)),
                ("values", ArrayField(base_field=models.BigIntegerField(), size=None)),
                ("seal", models.BinaryField(max_length=16)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("indicator", "frequency", "period"), name="one_frozen_sum")],
            },
        ),
        migrations.CreateModel(
            name="Version",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("known_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["-known_at"], name="version_at")],
            },
        ),
        migrations.CreateModel(
            name="VersionCounter",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("last", models.BigIntegerField()),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="one_version_counter")],
            },
        ),
        migrations.CreateModel(
            name="PeriodVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("indicator", models.ForeignKey(db_index=False, on_delete=models.PROTECT, to="countries.indicator")),
                ("frequency", models.CharField(max_length=1)),
                ("period", models.DateTimeField()),
                ("version", models.BigIntegerField()),
                ("is_correction", models.BooleanField(db_default=False)),
            ],
            options={
                "indexes": [models.Index(fields=["indicator", "frequency", "-version"], include=("period",), name="newest_period_versions"), models.Index(condition=models.Q(("is_correction", True)), fields=["indicator", "frequency", "version", "period"], name="correction_versions")],
                "constraints": [models.UniqueConstraint(fields=("indicator", "frequency", "period", "version"), name="one_period_version")],
            },
        ),
        migrations.CreateModel(
            name="PublishedCell",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("indicator", models.ForeignKey(db_index=False, on_delete=models.PROTECT, to="countries.indicator")),
                ("frequency", models.CharField(max_length=1)),
                ("period", models.DateTimeField()),
                ("country", models.SmallIntegerField()),
                ("network", models.SmallIntegerField()),
                ("value", models.BigIntegerField()),
                ("version_from", models.BigIntegerField()),
                ("version_to", models.BigIntegerField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["indicator", "frequency", "period"], name="published_cells_of_period"), models.Index(condition=models.Q(("version_to__isnull", False)), fields=["indicator", "frequency", "country", "network", "period"], name="closed_cells")],
                "constraints": [
                    models.UniqueConstraint(fields=("indicator", "frequency", "country", "network", "period", "version_from"), name="one_published_cell"),
                    models.UniqueConstraint(condition=models.Q(("version_to__isnull", True)), fields=("indicator", "frequency", "country", "network", "period"), include=("value", "version_from"), name="one_dated_cell"),
                    models.CheckConstraint(condition=models.Q(("value__gt", 0)), name="published_cell_positive"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PublishedCoverage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("indicator", models.ForeignKey(db_index=False, on_delete=models.PROTECT, to="countries.indicator")),
                ("frequency", models.CharField(max_length=1)),
                ("period", models.DateTimeField()),
                ("agencies_expected", models.IntegerField()),
                ("agencies_reporting", models.IntegerField()),
                ("share", models.SmallIntegerField()),
                ("status", models.CharField(max_length=1)),
                ("agencies", ArrayField(base_field=models.SmallIntegerField(), size=None)),
                ("states", ArrayField(base_field=models.CharField(max_length=9), size=None)),
                ("covered", ArrayField(base_field=models.IntegerField(), size=None)),
                ("owed", ArrayField(base_field=models.IntegerField(), size=None)),
                ("is_break", models.BooleanField()),
                ("counted_from", models.DateTimeField(null=True)),
                ("agencies_awaited", models.SmallIntegerField()),
                ("awaited_until", models.DateTimeField(null=True)),
                ("awaited", ArrayField(base_field=models.BooleanField(), size=None)),
                ("version_from", models.BigIntegerField()),
                ("version_to", models.BigIntegerField(null=True)),
            ],
            options={
                "verbose_name_plural": "published coverage",
                "indexes": [models.Index(condition=models.Q(("status", "O"), ("version_to__isnull", True)), fields=["indicator", "frequency", "period"], name="waiting_coverage")],
                "constraints": [
                    models.UniqueConstraint(fields=("indicator", "frequency", "period", "version_from"), name="one_published_coverage"),
                    models.UniqueConstraint(condition=models.Q(("version_to__isnull", True)), fields=("indicator", "frequency", "period"), include=("agencies_expected", "agencies_reporting", "share", "status", "is_break", "counted_from"), name="one_current_coverage"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PublishedSeries",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("indicator", models.ForeignKey(db_index=False, on_delete=models.PROTECT, to="countries.indicator")),
                ("frequency", models.CharField(max_length=1)),
                ("country", models.SmallIntegerField()),
                ("network", models.SmallIntegerField()),
                ("first_version", models.BigIntegerField()),
            ],
            options={
                "verbose_name_plural": "published series",
                "constraints": [models.UniqueConstraint(fields=("indicator", "frequency", "country", "network"), name="one_published_series")],
            },
        ),
        migrations.CreateModel(
            name="PublishedPanel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("indicator", models.ForeignKey(db_index=False, on_delete=models.PROTECT, to="countries.indicator")),
                ("months", models.SmallIntegerField()),
                ("frequency", models.CharField(max_length=1)),
                ("start", models.DateTimeField()),
                ("end", models.DateTimeField()),
                ("agencies", ArrayField(base_field=models.SmallIntegerField(), size=None)),
                ("version_from", models.BigIntegerField()),
                ("version_to", models.BigIntegerField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("indicator", "months", "frequency", "version_from"), name="one_published_panel"),
                    models.UniqueConstraint(condition=models.Q(("version_to__isnull", True)), fields=("indicator", "months", "frequency"), name="one_current_panel"),
                    models.CheckConstraint(condition=models.Q(("frequency__in", ["W", "M"]), ("months__in", [12, 24, 36])), name="panel_is_offered"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PublishedPanelPeriod",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("indicator", models.ForeignKey(db_index=False, on_delete=models.PROTECT, to="countries.indicator")),
                ("months", models.SmallIntegerField()),
                ("frequency", models.CharField(max_length=1)),
                ("period", models.DateTimeField()),
                ("status", models.CharField(max_length=1)),
                ("countries", ArrayField(base_field=models.SmallIntegerField(), size=None)),
                ("values", ArrayField(base_field=models.BigIntegerField(), size=None)),
                ("version_from", models.BigIntegerField()),
                ("version_to", models.BigIntegerField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["indicator", "months", "frequency", "-version_from"], name="newest_panel_periods")],
                "constraints": [models.UniqueConstraint(fields=("indicator", "months", "frequency", "period", "version_from"), name="one_panel_period"), models.UniqueConstraint(condition=models.Q(("version_to__isnull", True)), fields=("indicator", "months", "frequency", "period"), name="one_current_panel_period")],
            },
        ),
        migrations.CreateModel(
            name="RoundingSeal",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("fingerprint", models.BinaryField(max_length=16)),
                ("base", models.SmallIntegerField()),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="one_rounding_seal")],
            },
        ),
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("actor", models.CharField(max_length=200)),
                ("action", models.CharField(max_length=60)),
                ("subject", models.CharField(max_length=200)),
                ("reason", models.TextField(blank=True)),
                ("details", models.JSONField()),
                ("digest", models.BinaryField(max_length=32)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["subject", "id"], name="audit_of_subject"),
                    models.Index(fields=["-id"], condition=~models.Q(actor__contains=" "), name="audit_by_people"),
                    models.Index(
                        fields=["actor", "-id"], condition=~models.Q(actor__contains=" "), name="audit_by_person"
                    ),
                    models.Index(
                        Coalesce(
                            KT("agency", "details"),
                            KT("agency_id", KT("after", "details")),
                            KT("agency_id", KT("before", "details")),
                            KT("code", KT("after", "details")),
                            KT("code", KT("before", "details")),
                        ),
                        models.F("id").desc(),
                        name="audit_of_agency",
                    ),
                    models.Index(
                        fields=["action", "-id"],
                        condition=~models.Q(action="submission.accepted"),
                        name="audit_of_kind",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditPending",
            fields=[
                ("event", models.BigIntegerField(primary_key=True, serialize=False)),
            ],
        ),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("event", models.BigIntegerField(unique=True)),
                ("digest", models.BinaryField(max_length=32)),
                ("sealed", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Registration",
            fields=[
                ("intervention", models.OneToOneField(on_delete=models.PROTECT, primary_key=True, serialize=False, to="countries.intervention")),
                ("event", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Estimate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("word", models.CharField(max_length=14)),
                ("reason", models.CharField(blank=True, default="", max_length=20)),
                ("result", models.JSONField()),
                ("evidence", models.JSONField()),
                ("version_from", models.BigIntegerField()),
                ("version_to", models.BigIntegerField(null=True)),
                ("intervention", models.ForeignKey(db_index=False, on_delete=models.PROTECT, related_name="estimates", to="countries.intervention")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("intervention", "version_from"), name="one_estimate"), models.UniqueConstraint(condition=models.Q(("version_to__isnull", True)), fields=("intervention",), name="one_current_estimate"), models.CheckConstraint(condition=models.Q(("word__in", ["running", "found", "not_found", "cannot_be_told"])), name="estimate_word"), models.CheckConstraint(condition=models.Q(models.Q(models.Q(("word", "cannot_be_told"), _negated=True), ("reason", "")), models.Q(("reason__in", ["no_comparison", "few_comparisons", "panel_broken", "small_counts"]), ("word", "cannot_be_told")), _connector="OR"), name="estimate_reason")],
            },
        ),
        migrations.RunSQL(APPEND_ONLY),
        migrations.RunSQL(PENDING),
        migrations.RunSQL(FIRST_ROWS),
        migrations.RunSQL(VACUUM),
        migrations.RunSQL(STORAGE),
        migrations.RunSQL(OBSERVATIONS),
    ]
