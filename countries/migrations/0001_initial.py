"""Who takes part, and reference data."""

from datetime import UTC, date, datetime

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.contrib.postgres.operations import BtreeGistExtension
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator, URLValidator
from django.db import migrations, models
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Lower, Now
from oauth2_provider.generators import generate_client_id, generate_client_secret
from oauth2_provider.models import ClientSecretField

from countries.models.agencies import check_contact, own_thresholds, time_zones
from countries.models.recipients import check_mailbox, site_languages
from countries.models.reference import page_languages


class Migration(migrations.Migration):
    initial = True

    # The toolkit's tokens refer to credentials, but its migration declares no dependency on this one.
    run_before = [("oauth2_provider", "0001_initial")]

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # For the exclusion constraint of schedules.
        BtreeGistExtension(),
        migrations.CreateModel(
            name="Country",
            fields=[
                ("number", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=2, unique=True)),
            ],
            options={
                "verbose_name_plural": "countries",
                "ordering": ["code"],
                "constraints": [models.CheckConstraint(condition=models.Q(("code__regex", "^([A-Z]{2}|_U)$")), name="countries_country_code"), models.CheckConstraint(condition=models.Q(("number__gte", 1), ("number__lte", 999)), name="countries_country_number")],
            },
        ),
        migrations.CreateModel(
            name="Network",
            fields=[
                ("number", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=20, unique=True)),
                ("name", models.CharField(max_length=100)),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="Indicator",
            fields=[
                ("number", models.PositiveSmallIntegerField(blank=True, primary_key=True, serialize=False)),
                ("code", models.CharField(help_text="Capitals, digits and underscores: HELP_VISITS.", max_length=40, unique=True, validators=[RegexValidator("^[A-Z][A-Z0-9_]*$", "This is not a code such as HELP_VISITS.")])),
                ("name", models.CharField(help_text="In English, like all texts of this form.", max_length=100)),
                ("unit", ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, help_text="The word after a number, in all its plural forms, from one to many, separated by commas: download, downloads.", size=None)),
                ("description", models.TextField(help_text="What is counted. Count events, so that the counts of shorter periods add up to those of longer ones.")),
                ("notes", ArrayField(base_field=models.TextField(), blank=True, default=list, help_text="What the number does not say. Shown beside the number everywhere.", size=None)),
                ("usual_rate", models.FloatField(db_default=1, default=1, help_text="Roughly: only the colours of the map depend on it. If you change it, all colours change.", verbose_name="usual number per 100,000 inhabitants in a day")),
            ],
            options={
                "ordering": ["number"],
                "constraints": [models.CheckConstraint(condition=models.Q(("number__gte", 1), ("number__lte", 1023)), name="countries_indicator_number"), models.CheckConstraint(condition=models.Q(("usual_rate__gte", 1e-06), ("usual_rate__lte", 1000000.0)), name="countries_indicator_usual_rate", violation_error_message="The usual number must be between 0.000001 and 1,000,000."), models.CheckConstraint(condition=models.Q(("code__regex", "^[A-Z][A-Z0-9_]*$")), name="countries_indicator_code")],
            },
        ),
        migrations.CreateModel(
            name="IndicatorTranslation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("indicator", models.ForeignKey(on_delete=models.PROTECT, related_name="translations", to="countries.indicator")),
                ("language", models.CharField(choices=page_languages, max_length=10)),
                ("name", models.CharField(blank=True, max_length=100)),
                ("unit", ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, help_text="The word after a number, in all its plural forms, from one to many, separated by commas: download, downloads.", size=None)),
                ("description", models.TextField(blank=True)),
                ("notes", ArrayField(base_field=models.TextField(), blank=True, default=list, size=None)),
            ],
            options={
                "verbose_name": "translation",
                "ordering": ["indicator", "language"],
                "constraints": [models.UniqueConstraint(fields=("indicator", "language"), name="countries_translation_language")],
            },
        ),
        migrations.CreateModel(
            name="Population",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("country", models.ForeignKey(on_delete=models.PROTECT, related_name="populations", to="countries.country")),
                ("year", models.PositiveSmallIntegerField()),
                ("inhabitants", models.PositiveBigIntegerField()),
                ("source", models.CharField(max_length=200)),
                ("known_from", models.DateTimeField(db_default=models.Func(models.Value("milliseconds"), Now(), function="date_trunc", output_field=models.DateTimeField()), editable=False)),
            ],
            options={
                "verbose_name_plural": "population",
                "ordering": ["country", "-year"],
                "constraints": [models.UniqueConstraint(fields=("country", "year"), name="countries_population_country_year"), models.CheckConstraint(condition=models.Q(("inhabitants__gte", 1)), name="countries_population_inhabitants")],
            },
        ),
        migrations.CreateModel(
            name="PastPopulation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("country", models.ForeignKey(on_delete=models.PROTECT, related_name="past_populations", to="countries.country")),
                ("year", models.PositiveSmallIntegerField()),
                ("inhabitants", models.PositiveBigIntegerField()),
                ("known_from", models.DateTimeField()),
                ("known_until", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "past populations",
                "ordering": ["country", "-year", "known_from"],
            },
        ),
        migrations.CreateModel(
            name="Detail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("country", models.ForeignKey(on_delete=models.PROTECT, related_name="details", to="countries.country")),
                ("indicator", models.ForeignKey(on_delete=models.CASCADE, related_name="details", to="countries.indicator")),
                ("valid_from", models.DateField(help_text="The first day of a month that begins later than tomorrow.")),
                (
                    "step",
                    models.CharField(
                        choices=[("N", "minutes"), ("H", "hours"), ("D", "days"), ("W", "weeks"), ("M", "months")],
                        help_text="Over all networks together.",
                        max_length=1,
                        verbose_name="finest step",
                    ),
                ),
                (
                    "network_step",
                    models.CharField(
                        choices=[("D", "days"), ("W", "weeks"), ("M", "months")],
                        help_text="Not finer than the finest step over all networks.",
                        max_length=1,
                        verbose_name="finest step by network",
                    ),
                ),
            ],
            options={
                "ordering": ["country", "indicator", "-valid_from"],
                "constraints": [
                    models.UniqueConstraint(fields=("country", "indicator", "valid_from"), name="countries_detail_country_indicator_month"),
                    models.CheckConstraint(condition=models.Q(("valid_from__day", 1)), name="countries_detail_month"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("network_step", "M"), ("step__in", ["N", "H", "D", "W", "M"])),
                            models.Q(("network_step", "W"), ("step__in", ["N", "H", "D", "W"])),
                            models.Q(("network_step", "D"), ("step__in", ["N", "H", "D"])),
                            _connector="OR",
                        ),
                        name="countries_detail_steps",
                        violation_error_message="By network, the step must not be finer than over all networks.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HelpService",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(unique=True)),
                ("name", models.CharField(max_length=200)),
                ("languages", ArrayField(base_field=models.CharField(max_length=20, validators=[RegexValidator("^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", "This is not a language code.")]), help_text="Language codes, separated by commas: en, nb, pt-BR.", size=None)),
                ("country", models.ForeignKey(blank=True, help_text="If empty, the service helps people in all countries.", null=True, on_delete=models.PROTECT, related_name="help_services", to="countries.country")),
                ("address", models.URLField(help_text="The web address.")),
                ("phone", models.CharField(blank=True, max_length=40)),
                ("description", models.TextField()),
                ("shown", models.BooleanField(default=True, help_text="Untick this when the service has closed. A deleted one returns when reference data are loaded.")),
                ("source", models.URLField(blank=True, help_text="The page that states the address and the telephone number.", max_length=300)),
                ("checked", models.DateField(blank=True, help_text="The day on which somebody last checked these details.", null=True)),
            ],
            options={
                "ordering": ["country", "name"],
                "constraints": [models.CheckConstraint(condition=models.Q(("languages__len__gte", 1)), name="countries_helpservice_languages"), models.CheckConstraint(condition=models.Q(("address__regex", "^https?://")), name="countries_helpservice_address")],
            },
        ),
        migrations.CreateModel(
            name="ReferenceVersion",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("number", models.PositiveBigIntegerField(default=0)),
                ("changed", models.DateTimeField(db_default=Now())),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="countries_referenceversion_single")],
            },
        ),
        migrations.CreateModel(
            name="Agency",
            fields=[
                ("id", models.SmallAutoField(primary_key=True, serialize=False)),
                ("code", models.CharField(help_text="The country's code, a hyphen, then capitals, digits or hyphens: NO-KRIPOS. Cannot be changed later.", max_length=40, unique=True, validators=[RegexValidator("^[A-Z]{2}-[A-Z0-9][A-Z0-9-]*$", "This is not a code such as NO-KRIPOS.")])),
                ("country", models.ForeignKey(on_delete=models.PROTECT, related_name="agencies", to="countries.country")),
                ("name", models.CharField(max_length=200)),
                ("contact", models.CharField(blank=True, help_text="A public contact point, not a person: the address of a page, or the mailbox of an office. Everybody can read it.", max_length=200, validators=[check_contact], verbose_name="public contact")),
                ("active", models.BooleanField(default=True, help_text="An agency that is not active can neither send nor read.")),
                ("invented", models.BooleanField(default=False, help_text="Made up for a demonstration. Every page says so.")),
                ("signature_required", models.BooleanField(default=False, help_text="Submissions that are not signed with one of the agency's keys are refused.")),
            ],
            options={
                "verbose_name_plural": "agencies",
                "ordering": ["code"],
                "constraints": [models.CheckConstraint(condition=models.Q(("code__regex", "^[A-Z]{2}-[A-Z0-9][A-Z0-9-]*$")), name="countries_agency_code")],
            },
        ),
        migrations.CreateModel(
            name="Schedule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("agency", models.ForeignKey(on_delete=models.PROTECT, related_name="schedules", to="countries.agency")),
                ("indicator", models.ForeignKey(on_delete=models.PROTECT, related_name="schedules", to="countries.indicator")),
                ("frequency", models.CharField(choices=[("N", "minute"), ("H", "hour"), ("D", "day"), ("M", "month")], max_length=1)),
                ("valid_from", models.DateField(help_text="The first day, in UTC.")),
                ("valid_to", models.DateField(blank=True, help_text="The last day, included. If empty, the schedule has no end.", null=True)),
                ("deadline_minutes", models.PositiveIntegerField(default=60, help_text="A report is late this many minutes after its period has ended.")),
            ],
            options={
                "ordering": ["agency", "indicator", "frequency", "valid_from"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("frequency__in", ["N", "H", "D", "M"])), name="countries_schedule_frequency"),
                    models.CheckConstraint(condition=models.Q(("valid_to__isnull", True), ("valid_to__gte", models.F("valid_from")), _connector="OR"), name="countries_schedule_days", violation_error_message="The last day must not be before the first."),
                    models.CheckConstraint(condition=models.Q(("deadline_minutes__lte", 129600)), name="countries_schedule_deadline", violation_error_message="A deadline is at most 129600 minutes (90 days)."),
                    models.CheckConstraint(condition=models.Q(("valid_from__gte", date(2017, 1, 1))), name="countries_schedule_starts", violation_error_message="This is before the year 2017, in which the campaign began."),
                    ExclusionConstraint(
                        expressions=[("agency", "="), ("indicator", "="), ("frequency", "="), (models.Func("valid_from", "valid_to", models.Value("[]"), function="daterange", output_field=DateRangeField()), "&&")],
                        name="countries_schedule_overlap",
                        violation_error_message="The agency already has a schedule for this indicator and frequency on some of these days.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Threshold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("agency", models.ForeignKey(on_delete=models.PROTECT, related_name="thresholds", to="countries.agency")),
                ("name", models.CharField(choices=own_thresholds, max_length=20)),
                ("value", models.FloatField()),
            ],
            options={
                "ordering": ["agency", "name"],
                "constraints": [models.UniqueConstraint(fields=("agency", "name"), name="countries_threshold_agency_name"), models.CheckConstraint(condition=models.Q(("value__gte", 0)), name="countries_threshold_value")],
            },
        ),
        migrations.CreateModel(
            name="Setup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("agency", models.ForeignKey(on_delete=models.PROTECT, related_name="setups", to="countries.agency")),
                ("valid_from", models.DateField(help_text="The first day with this set-up, in UTC.")),
                ("computers", models.PositiveIntegerField(help_text="The number of police computers that offer files. Not public.")),
                ("networks", ArrayField(base_field=models.CharField(max_length=20), help_text="The networks that the agency watches. Public.", size=None)),
                ("counting", models.CharField(choices=[("shares", "each download by the share of the file that the agency sent"), ("sent", "each file that the agency sent whole"), ("seen", "each peer that the agency saw complete, whoever sent the file"), ("own", "in a way of its own")], help_text="What it counts. Public.", max_length=10, verbose_name="way of counting")),
                ("time_zone", models.CharField(choices=time_zones, default="UTC", help_text="Of the files that the agency makes. Public.", max_length=50)),
                ("local_days", models.BooleanField(default=False, help_text="Its days may begin at midnight in its time zone instead of UTC. Public. Allow it only if needed.")),
                ("location_source", models.CharField(help_text="The IP-to-country table, named as its maker names it, always alike (R301). Public.", max_length=100, verbose_name="source of locations")),
                ("location_date", models.DateField(help_text="The day of this edition of the table. Public.", verbose_name="date of the source")),
                ("remark", models.TextField(blank=True, help_text="Not public.")),
            ],
            options={
                "verbose_name": "set-up",
                "ordering": ["agency", "-valid_from"],
                "constraints": [models.UniqueConstraint(fields=("agency", "valid_from"), name="countries_setup_agency_day")],
            },
        ),
        migrations.CreateModel(
            name="Annotation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("campaign", "a campaign"), ("change", "a change of software or method"), ("outage", "an outage"), ("other", "other")], max_length=10)),
                ("text", models.CharField(help_text="Public. Short, in English, without names of persons.", max_length=300)),
                ("start", models.DateTimeField(help_text="In UTC.")),
                ("end", models.DateTimeField(blank=True, help_text="In UTC. If empty, a campaign or an outage continues; anything else is a moment.", null=True)),
                ("is_break", models.BooleanField(default=False, help_text="Values before and after the start are not comparable. A campaign or an outage is no break.", verbose_name="break in series")),
                ("agency", models.ForeignKey(blank=True, help_text="If empty, it applies to all agencies.", null=True, on_delete=models.PROTECT, related_name="annotations", to="countries.agency")),
                ("indicator", models.ForeignKey(blank=True, help_text="If empty, it applies to all indicators.", null=True, on_delete=models.PROTECT, related_name="annotations", to="countries.indicator")),
                ("changed", models.DateTimeField(db_default=models.Func(models.Value("milliseconds"), Now(), function="date_trunc", output_field=models.DateTimeField()), editable=False)),
            ],
            options={
                "ordering": ["-start"],
                "permissions": [("mark_break", "Can mark a break in a series")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("end__isnull", True), ("end__gte", models.F("start")), _connector="OR"), name="countries_annotation_ends", violation_error_message="The end must not be before the start."),
                    models.CheckConstraint(condition=models.Q(("start__gte", datetime(2017, 1, 1, 0, 0, tzinfo=UTC))), name="countries_annotation_starts", violation_error_message="This is before the year 2017, in which the campaign began."),
                    models.CheckConstraint(condition=models.Q(("is_break", False), ("kind__in", ["change", "other"]), _connector="OR"), name="countries_annotation_break", violation_error_message="A campaign or an outage is no break in the series. Choose another kind, or untick the break."),
                ],
            },
        ),
        migrations.CreateModel(
            name="WithdrawnAnnotation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("annotation", models.BigIntegerField()),
                ("is_break", models.BooleanField()),
                ("withdrawn", models.DateTimeField()),
            ],
            options={
                "ordering": ["-withdrawn"],
                "constraints": [models.UniqueConstraint(fields=("annotation", "is_break"), name="countries_withdrawnannotation_once")],
            },
        ),
        migrations.CreateModel(
            name="Credential",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("client_id", models.CharField(db_index=True, default=generate_client_id, max_length=255, unique=True, verbose_name="client ID")),
                ("user", models.ForeignKey(blank=True, null=True, on_delete=models.CASCADE, related_name="%(app_label)s_%(class)s", to=settings.AUTH_USER_MODEL, verbose_name="user")),
                ("redirect_uris", models.TextField(blank=True, help_text="Allowed URIs list, space separated", verbose_name="redirect URIs")),
                ("post_logout_redirect_uris", models.TextField(blank=True, default="", help_text="Allowed Post Logout URIs list, space separated", verbose_name="post logout redirect URIs")),
                ("client_type", models.CharField(choices=[("confidential", "Confidential"), ("public", "Public")], max_length=32, verbose_name="client type")),
                (
                    "authorization_grant_type",
                    models.CharField(
                        choices=[("authorization-code", "Authorization code"), ("urn:ietf:params:oauth:grant-type:device_code", "Device Code"), ("implicit", "Implicit"), ("password", "Resource owner password-based"), ("client-credentials", "Client credentials"), ("openid-hybrid", "OpenID connect hybrid")],
                        max_length=44,
                        verbose_name="authorization grant type",
                    ),
                ),
                ("client_secret", ClientSecretField(blank=True, db_index=True, default=generate_client_secret, help_text="Client secret for authentication", max_length=255, verbose_name="client secret")),
                ("hash_client_secret", models.BooleanField(default=True, verbose_name="hash client secret")),
                ("name", models.CharField(blank=True, max_length=255, verbose_name="name")),
                ("skip_authorization", models.BooleanField(default=False, verbose_name="skip authorization")),
                ("created", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("updated", models.DateTimeField(auto_now=True, verbose_name="updated")),
                ("algorithm", models.CharField(blank=True, choices=[("", "No OIDC support"), ("RS256", "RSA with SHA-2 256"), ("HS256", "HMAC with SHA-2 256")], default="", max_length=5, verbose_name="algorithm")),
                ("allowed_origins", models.TextField(blank=True, default="", help_text="Allowed origins list to enable CORS, space separated", verbose_name="allowed origins")),
                (
                    "registration_source",
                    models.CharField(choices=[("manual", "Manual"), ("dcr", "Dynamic Client Registration"), ("cimd", "Client ID Metadata Document")], default="manual", help_text="How this application was registered (manual, DCR per RFC 7591, or CIMD)", max_length=32, verbose_name="registration source"),
                ),
                ("cimd_expires_at", models.DateTimeField(blank=True, default=None, help_text="When the cached Client ID Metadata Document should be re-fetched", null=True, verbose_name="CIMD expires at")),
                ("agency", models.ForeignKey(blank=True, null=True, on_delete=models.PROTECT, related_name="credentials", to="countries.agency")),
                ("coordinator", models.CharField(blank=True, default="", max_length=150)),
                ("scopes", models.CharField(choices=[("submissions:write submissions:read", "sends reports and reads its own"), ("submissions:read", "reads its own reports"), ("figures:read", "reads the figures of all countries")], max_length=100, verbose_name="rights")),  # noqa: E501
                ("used", models.DateTimeField(blank=True, editable=False, null=True)),
                ("expires", models.DateTimeField(blank=True, null=True)),
                ("revoked", models.DateTimeField(blank=True, null=True)),
                ("networks", ArrayField(base_field=models.CharField(max_length=43), blank=True, default=list, size=None)),
            ],
            options={
                "ordering": ["-created"],
                "permissions": [("revoke_credential", "Can revoke a credential"), ("restrict_credential", "Can change the networks of a credential")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("networks__len__lte", 20)), name="countries_credential_networks"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("agency__isnull", False), ("coordinator", ""), ("scopes__in", ["submissions:write submissions:read", "submissions:read"])), models.Q(("agency__isnull", True), ("scopes", "figures:read"), ("user__isnull", False), models.Q(("coordinator", ""), _negated=True)), _connector="OR"
                        ),
                        name="countries_credential_holder",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("agency", models.ForeignKey(on_delete=models.PROTECT, related_name="signing_keys", to="countries.agency")),
                ("keyid", models.CharField(max_length=60, unique=True)),
                ("public_key", models.CharField(max_length=44, unique=True)),
                ("fingerprint", models.CharField(max_length=64, unique=True)),
                ("created", models.DateTimeField()),
                ("expires", models.DateTimeField(blank=True, null=True)),
                ("revoked", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-created"],
                "permissions": [("revoke_signingkey", "Can revoke a signing key")],
            },
        ),
        migrations.CreateModel(
            name="SignIn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=64)),
                ("origin", models.CharField(max_length=64)),
                ("guesses", models.IntegerField(default=0)),
                ("guessed", models.DateTimeField(null=True)),
                ("signed_in", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["origin"], name="sign_in_by_origin")],
                "constraints": [models.UniqueConstraint(fields=("name", "origin"), name="one_sign_in")],
            },
        ),
        migrations.CreateModel(
            name="AgencyAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("expires", models.DateTimeField(blank=True, null=True)),
                ("revoked", models.DateTimeField(blank=True, null=True)),
                ("created", models.DateTimeField()),
                ("agency", models.ForeignKey(on_delete=models.PROTECT, related_name="accounts", to="countries.agency")),
                ("user", models.OneToOneField(on_delete=models.PROTECT, related_name="agency_account", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "ordering": ["-created"],
                "permissions": [("revoke_agencyaccount", "Can end an account of an agency"), ("invite_agencyaccount", "Can invite the user of an account again")],
            },
        ),
        migrations.CreateModel(
            name="Recipient",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("mailbox", models.CharField(help_text="Of an office, not of a person: statistics@example.org. The audit trail does not keep it.", max_length=200, validators=[check_mailbox])),
                ("language", models.CharField(choices=site_languages, default="en", max_length=10)),
                ("active", models.BooleanField(default=True, help_text="A mailbox that is not active gets nothing.")),
                ("agency", models.ForeignKey(blank=True, help_text="If empty, the mailbox is the coordinators', and gets the notifications about all agencies.", null=True, on_delete=models.PROTECT, related_name="recipients", to="countries.agency")),
            ],
            options={
                "ordering": ["agency", "pk"],
                "constraints": [models.UniqueConstraint(models.F("agency"), Lower("mailbox"), name="countries_recipient_mailbox", nulls_distinct=False, violation_error_message="This mailbox is already a recipient here. Change that one instead.")],
            },
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("url", models.URLField(help_text="It begins with https://. The audit trail does not keep it.", max_length=500, validators=[URLValidator(schemes=["https"])], verbose_name="address")),
                ("active", models.BooleanField(default=True, help_text="An address that is not active gets nothing.")),
                ("agency", models.ForeignKey(on_delete=models.PROTECT, related_name="webhooks", to="countries.agency")),
            ],
            options={
                "ordering": ["agency", "pk"],
                "constraints": [models.UniqueConstraint(fields=("agency", "url"), name="countries_webhook_url")],
            },
        ),
        migrations.CreateModel(
            name="Draw",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(help_text="Public. What starts in this order.", max_length=120)),
                ("countries", ArrayField(base_field=models.CharField(max_length=2), help_text="The countries of the order.", size=None)),
                ("source", models.CharField(help_text="Public. Exactly which public random value decides, and where everybody can read it.", max_length=300)),
                ("known_from", models.DateTimeField(help_text="In UTC. When the value becomes public: at least an hour from now.", verbose_name="known from")),
                ("announced", models.DateTimeField(db_default=Now(), editable=False)),
                ("value", models.CharField(blank=True, help_text="The random value, exactly as the source gives it. It cannot be changed.", max_length=300)),
                ("drawn", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "ordering": ["-announced"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("countries__len__gte", 2)), name="countries_draw_countries"),
                    models.CheckConstraint(condition=models.Q(("known_from__gt", models.F("announced"))), name="countries_draw_announced"),
                    models.CheckConstraint(condition=models.Q(models.Q(("drawn__isnull", True), ("value", "")), models.Q(models.Q(("value", ""), _negated=True), ("drawn__gte", models.F("known_from")), ("drawn__isnull", False)), _connector="OR"), name="countries_draw_drawn"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Intervention",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(help_text="Public. Short, in English, without names of persons.", max_length=120)),
                ("description", models.TextField(help_text="Public. What is done, and why it should work.", max_length=2000)),
                ("registrant", models.CharField(help_text="Public. The office that registers it, not a person.", max_length=200)),
                ("countries", ArrayField(base_field=models.CharField(max_length=2), help_text="Where it happens.", size=None)),
                ("networks", ArrayField(base_field=models.CharField(max_length=20), blank=True, default=list, help_text="On which networks: codes, separated by commas. If empty, on all of them.", size=None)),
                ("direction", models.CharField(choices=[("fewer", "fewer events"), ("more", "more events")], max_length=5, verbose_name="expected")),
                ("start", models.DateField(help_text="The Monday of the first week with the intervention.")),
                ("weeks_before", models.PositiveSmallIntegerField(default=52, help_text="From 26 to 104.", validators=[MinValueValidator(26), MaxValueValidator(104)])),
                ("weeks_after", models.PositiveSmallIntegerField(default=26, help_text="From 4 to 52.", validators=[MinValueValidator(4), MaxValueValidator(52)])),
                ("comparison", ArrayField(base_field=models.CharField(max_length=2), blank=True, default=list, help_text="The countries to compare with. If you pick none, all others.", size=None)),
                ("registered", models.DateTimeField(db_default=Now(), editable=False)),
                ("changed", models.DateTimeField(db_default=Now(), editable=False)),
                ("draw", models.ForeignKey(blank=True, help_text="The draw that decided when these countries start, if there was one.", null=True, on_delete=models.PROTECT, related_name="interventions", to="countries.draw")),
                ("indicator", models.ForeignKey(on_delete=models.PROTECT, related_name="interventions", to="countries.indicator")),
            ],
            options={
                "ordering": ["-start", "-pk"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("countries__len__gte", 1)), name="countries_intervention_countries"),
                    models.CheckConstraint(condition=models.Q(("countries__overlap", models.F("comparison")), _negated=True), name="countries_intervention_comparison"),
                    models.CheckConstraint(condition=models.Q(("direction__in", ["fewer", "more"])), name="countries_intervention_direction"),
                    models.CheckConstraint(condition=models.Q(("start__gte", date(2017, 1, 1)), ("start__iso_week_day", 1)), name="countries_intervention_start"),
                    models.CheckConstraint(condition=models.Q(("weeks_after__range", (4, 52)), ("weeks_before__range", (26, 104)), ("weeks_before__lte", CombinedExpression(models.Value(147), "-", models.F("weeks_after")))), name="countries_intervention_weeks", violation_error_message="Both windows together have more than 147 weeks. Make one of them shorter."),
                ],
            },
        ),
    ]
