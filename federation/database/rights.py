"""The one list of what each role of the database may do, table by table. Only the owner may do everything else.

The owner runs migrations. `web` serves requests. `worker` reconciles, publishes and seals. `public` reads what
everybody may read. These three own nothing, so they cannot change the schema or switch off a trigger.
"""

from typing import Final, NamedTuple

#: The roles as PostgreSQL knows them.
WEB: Final = "police2peer_web"
WORKER: Final = "police2peer_worker"
PUBLIC: Final = "police2peer_public"
ROLES: Final = (WEB, WORKER, PUBLIC)


class Rights(NamedTuple):
    """The rights of the roles on a table, in the words of GRANT. Columns in parentheses are the only ones allowed."""

    web: str = ""
    worker: str = ""
    public: str = ""

    def of(self, role: str) -> str:
        return str(getattr(self, role.removeprefix("police2peer_")))


_READ: Final = "SELECT"
_ADD: Final = "SELECT, INSERT"
_ALL: Final = "SELECT, INSERT, UPDATE, DELETE"

TABLES: Final[dict[str, Rights]] = {
    # Roles can add events, but not change or remove one, even without the triggers.
    "federation_auditevent": Rights(web=_ADD, worker=_ADD),
    "federation_auditpending": Rights(web=_ADD, worker="SELECT, INSERT, DELETE"),
    "federation_auditseal": Rights(web=_READ, worker=_ADD, public="SELECT (position, event, digest, sealed)"),
    # The rows that agencies send. Only the state of a report can change.
    "federation_submission": Rights(web=_ADD, worker=_READ),
    "federation_signature": Rights(web=_ADD),
    "federation_idempotencykey": Rights(web="SELECT, INSERT, DELETE", worker="SELECT, DELETE"),
    "federation_report": Rights(web="SELECT, INSERT, UPDATE (state)", worker=_READ),
    "federation_observation": Rights(),
    # Findings, holds, answers and decisions.
    "federation_finding": Rights(web="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE"),
    "federation_hold": Rights(web="SELECT, INSERT, UPDATE", worker=_READ),
    "federation_answer": Rights(web=_ADD, worker=_READ),
    # What people are told. If a coordinator deletes a recipient, its messages go too.
    "federation_notification": Rights(web=_ADD, worker=_ALL),
    "federation_message": Rights(web="SELECT, DELETE", worker=_ALL),
    "federation_message_notifications": Rights(web="SELECT, DELETE", worker="SELECT, INSERT, DELETE"),
    # Work and its results. Only workers write results.
    "federation_work": Rights(web=_ADD, worker="SELECT, INSERT, DELETE"),
    "federation_failure": Rights(web=_READ, worker=_ALL),
    "federation_workerprocess": Rights(web=_READ, worker=_ALL),
    "federation_clockmark": Rights(web=_READ, worker="SELECT, UPDATE"),
    "federation_watchmark": Rights(web="SELECT, UPDATE", worker="SELECT, UPDATE"),
    "federation_figure": Rights(web=_READ, worker=_ALL),
    # Frozen sums are never changed.
    "federation_frozensum": Rights(web=_READ, worker=_ADD),
    # The combined view. Rows of cells and coverage are closed. Those of minutes are deleted.
    "federation_version": Rights(web=_READ, worker=_ADD, public=_READ),
    "federation_versioncounter": Rights(web=_READ, worker="SELECT, UPDATE"),
    "federation_periodversion": Rights(web=_READ, worker="SELECT, INSERT, DELETE", public=_READ),
    "federation_publishedcell": Rights(web=_READ, worker=_ALL, public=_READ),
    "federation_publishedcoverage": Rights(web=_READ, worker=_ALL, public=_READ),
    "federation_publishedseries": Rights(web=_READ, worker=_ADD, public=_READ),
    "federation_publishedpanel": Rights(web=_READ, worker="SELECT, INSERT, UPDATE", public=_READ),
    "federation_publishedpanelperiod": Rights(web=_READ, worker="SELECT, INSERT, UPDATE", public=_READ),
    "federation_registration": Rights(web=_ADD, worker=_READ, public=_READ),
    "federation_estimate": Rights(web=_READ, worker="SELECT, INSERT, UPDATE (version_to)", public=_READ),
    "federation_roundingseal": Rights(web=_READ, worker=_ADD, public="SELECT (base)"),
    # Who takes part, and reference data. `public` may read only the named columns of an agency, a schedule and
    # a set-up, and no new column.
    "countries_agency": Rights(
        web=_ALL, worker=_READ, public="SELECT (id, code, country_id, name, contact, active, invented)"
    ),
    "countries_setup": Rights(
        web=_ALL,
        worker=_READ,
        public="SELECT (agency_id, valid_from, networks, counting, time_zone, local_days, location_source, "
        "location_date)",
    ),
    "countries_annotation": Rights(web=_ALL, worker=_READ, public=_READ),
    "countries_country": Rights(web=_READ, worker=_READ, public=_READ),
    "countries_detail": Rights(web=_ALL, worker=_READ, public=_READ),
    "countries_draw": Rights(web="SELECT, INSERT, UPDATE (value, drawn)", worker=_READ, public=_READ),
    "countries_intervention": Rights(
        web="SELECT, INSERT, UPDATE (title, description, changed)", worker=_READ, public=_READ
    ),
    "countries_helpservice": Rights(web=_ALL, worker=_READ, public=_READ),
    "countries_indicator": Rights(web=_ALL, worker=_READ, public=_READ),
    "countries_indicatortranslation": Rights(web=_ALL, worker=_READ, public=_READ),
    "countries_network": Rights(web=_ALL, worker=_READ, public=_READ),
    "countries_pastpopulation": Rights(web="SELECT, INSERT", worker=_READ, public=_READ),
    "countries_population": Rights(web=_ALL, worker=_READ, public=_READ),
    "countries_recipient": Rights(web=_ALL, worker=_READ),
    "countries_webhook": Rights(web=_ALL, worker=_READ),
    "countries_referenceversion": Rights(web=_ALL, worker=_READ, public=_READ),
    "countries_schedule": Rights(
        web=_ALL,
        worker=_READ,
        public="SELECT (agency_id, indicator_id, frequency, valid_from, valid_to, deadline_minutes)",
    ),
    "countries_withdrawnannotation": Rights(web="SELECT, INSERT, UPDATE (withdrawn)", worker=_READ, public=_READ),
    "countries_threshold": Rights(web=_ALL, worker=_READ),
    # Accounts, credentials, second factors, guesses, sessions and tokens. Workers delete what has expired.
    # Workers look for credentials that end soon. They must not read a secret.
    "countries_credential": Rights(web=_ALL, worker="SELECT (id, agency_id, coordinator, expires, revoked)"),
    "countries_agencyaccount": Rights(web="SELECT, INSERT, UPDATE"),
    # Keys are never deleted, because what a key has signed is verified with it later.
    "countries_signingkey": Rights(web="SELECT, INSERT, UPDATE"),
    "oauth2_provider_accesstoken": Rights(web=_ALL, worker="SELECT, DELETE"),
    "oauth2_provider_refreshtoken": Rights(web=_ALL, worker=_READ),
    "oauth2_provider_grant": Rights(web=_ALL),
    "oauth2_provider_idtoken": Rights(web=_ALL),
    "oauth2_provider_devicegrant": Rights(web=_ALL),
    "auth_user": Rights(web=_ALL),
    "auth_user_groups": Rights(web=_ALL),
    "auth_user_user_permissions": Rights(web=_ALL),
    "auth_group": Rights(web=_ALL),
    "auth_group_permissions": Rights(web=_ALL),
    "auth_permission": Rights(web=_READ),
    "otp_totp_totpdevice": Rights(web=_ALL),
    "otp_static_staticdevice": Rights(web=_ALL),
    "otp_static_statictoken": Rights(web=_ALL),
    "countries_signin": Rights(web=_ALL, worker="SELECT, DELETE"),
    "django_session": Rights(web=_ALL, worker="SELECT (expire_date), DELETE"),
    "django_admin_log": Rights(web=_ADD),
    "django_content_type": Rights(web=_READ, worker=_READ),
    "django_migrations": Rights(web=_READ, worker=_READ),
}

#: Functions that PostgreSQL lets every role call. With LOCKS, `public` could lock what workers need. With the others,
#: it could store large objects. Only a superuser can take this right away. If the owner is none, the roles keep it.
LOCKS: Final = r"^pg_(try_)?advisory_"
LARGE_OBJECTS: Final = r"^(lo_|loread$|lowrite$)"
