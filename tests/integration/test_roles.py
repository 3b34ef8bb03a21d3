"""The roles of the database, each signed in with its own password, and what they cannot do."""

import os
import subprocess
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import InternalError, connection, connections
from psycopg import errors

from config import databases
from config.embedded import programs
from config.env import ROOT
from countries.database import routing
from countries.database.routing import PublicRead, Router
from countries.reference import Reference
from federation import published
from federation.database import roles
from federation.database.rights import PUBLIC, ROLES, TABLES, WEB, WORKER
from tests.acting import connected

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        "TEST_DATABASE_WEB_URL" not in os.environ, reason="the servers are a person's own, without roles"
    ),
]

ADDRESSES = {
    WEB: "TEST_DATABASE_WEB_URL",
    WORKER: "TEST_DATABASE_WORKER_URL",
    PUBLIC: "TEST_DATABASE_PUBLIC_URL",
}
APPEND_ONLY = ("federation_auditevent", "federation_auditseal")

#: Only the owner may do these. For each other role they must end in one of these refusals.
REFUSED = (errors.InsufficientPrivilege, errors.UndefinedFunction, errors.ReadOnlySqlTransaction)
FOR_NOBODY = [
    "CREATE TABLE mine (x int)",
    "CREATE TEMPORARY TABLE mine (x int)",
    "CREATE VIEW mine AS SELECT 1",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA mine",
    "CREATE EXTENSION dblink",
    "CREATE ROLE mine SUPERUSER",
    "CREATE DATABASE mine",
    "ALTER TABLE federation_auditevent ADD COLUMN mine int",
    "ALTER TABLE federation_auditevent DISABLE TRIGGER ALL",
    "ALTER TABLE federation_auditevent OWNER TO CURRENT_USER",
    "DROP TRIGGER append_only ON federation_auditevent",
    "DROP TABLE federation_auditevent",
    "CREATE OR REPLACE FUNCTION federation_refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
    "SET session_replication_role = replica",
    "SET ROLE police2peer",
    "SET SESSION AUTHORIZATION police2peer",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "ALTER SYSTEM SET log_statement = 'all'",
    "ALTER DEFAULT PRIVILEGES FOR ROLE police2peer GRANT ALL ON TABLES TO PUBLIC",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_ls_dir('.')",
    "SELECT pg_stat_file('postgresql.conf')",
    "COPY countries_country TO PROGRAM 'true'",
    "COPY countries_country TO '/tmp/mine'",
    "COPY countries_country FROM '/etc/passwd'",
    "SELECT lo_create(0)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_export(1, '/tmp/mine')",
    "SELECT dblink('', 'SELECT 1')",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'police2peer'",
    "SELECT rolpassword FROM pg_authid",
    "SELECT * FROM federation_observation",
]
#: What keeps workers waiting.
FOR_THE_PUBLIC_NEITHER = [
    "SELECT pg_advisory_lock(1)",
    "SELECT pg_try_advisory_xact_lock(1)",
    "LOCK TABLE federation_publishedcell IN EXCLUSIVE MODE",
    "SELECT * FROM federation_publishedcell FOR UPDATE",
]


def address(role):
    return urlsplit(os.environ[ADDRESSES[role]])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


@pytest.fixture(scope="module")
def signed_in(django_db_setup):
    """A connection of each role, with its own password, told that it may write, as an injected statement can do."""
    with (
        psycopg.connect(address(WEB), autocommit=True) as web,
        psycopg.connect(address(WORKER), autocommit=True) as worker,
        psycopg.connect(address(PUBLIC), autocommit=True) as public,
    ):
        public.execute("SET default_transaction_read_only = off")
        yield {WEB: web, WORKER: worker, PUBLIC: public}


def refused(signed_in, role, statement):
    """Whether the statement is refused, and refused for the right that is missing."""
    try:
        with signed_in[role].transaction(force_rollback=True):
            signed_in[role].execute(statement)
    except REFUSED:
        return True
    return False


@pytest.mark.parametrize("role", ROLES)
def test_no_role_changes_the_schema_leaves_its_role_or_reads_files(signed_in, role):
    for statement in FOR_NOBODY:
        # Outside a transaction, as some of them can only be done there.
        with pytest.raises(REFUSED):
            signed_in[role].execute(statement)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_no_role_changes_or_removes_what_is_append_only(signed_in, role, table):
    deeds = [f"UPDATE {table} SET digest = ''", f"DELETE FROM {table}", f"TRUNCATE {table}"]
    assert [deed for deed in deeds if not refused(signed_in, role, deed)] == []


def test_web_changes_nothing_that_was_computed_or_sent(signed_in):
    tables = ("figure", "publishedcell", "publishedcoverage", "submission", "work")
    deeds = [f"DELETE FROM federation_{table}" for table in tables]
    deeds += [f"UPDATE federation_{table} SET id = id" for table in tables]
    assert [deed for deed in deeds if not refused(signed_in, WEB, deed)] == []
    assert refused(signed_in, WEB, "UPDATE federation_report SET total = 0")
    assert not refused(signed_in, WEB, "UPDATE federation_report SET state = 'superseded'")


def test_web_changes_only_the_words_of_interventions_and_the_values_of_draws(signed_in):
    fixed = ("countries", "start", "direction", "weeks_before", "weeks_after", "comparison", "registered", "draw_id")
    deeds = [f"UPDATE countries_intervention SET {name} = {name}" for name in fixed]
    deeds += [f"UPDATE countries_draw SET {name} = {name}" for name in ("countries", "source", "known_from")]
    deeds += ["DELETE FROM countries_intervention", "DELETE FROM countries_draw"]
    assert [deed for deed in deeds if not refused(signed_in, WEB, deed)] == []
    assert not refused(signed_in, WEB, "UPDATE countries_intervention SET title = title")
    assert not refused(signed_in, WEB, "UPDATE countries_draw SET value = value")
    assert refused(signed_in, WORKER, "UPDATE federation_estimate SET result = result")


#: What agencies said, and what anybody did: added to, and never changed.
SAID = {
    "federation_submission", "federation_signature", "federation_answer", "federation_auditevent", "federation_work",
    "django_admin_log",
}  # fmt: skip
#: What follows from it, and the seals: for workers to write.
COMPUTED = {
    "federation_figure", "federation_publishedcell", "federation_publishedcoverage", "federation_publishedseries",
    "federation_publishedpanel", "federation_version", "federation_versioncounter", "federation_periodversion",
    "federation_auditseal", "federation_roundingseal",
}  # fmt: skip
#: What the desk decides: for people, who come over the web.
DECIDED = {
    "federation_hold", "countries_agency", "countries_annotation", "countries_indicator", "countries_population",
    "countries_indicatortranslation",
    "countries_schedule", "countries_setup", "countries_threshold", "countries_agencyaccount", "countries_credential",
    "countries_signingkey", "countries_recipient", "countries_webhook", "auth_user", "auth_group", "auth_user_groups",
    "auth_group_permissions", "otp_totp_totpdevice", "otp_static_statictoken",
}  # fmt: skip
#: Who may sign in as whom, and with what: none of the workers' business.
SECRET = {
    "auth_user", "auth_user_groups", "countries_credential", "countries_signingkey", "federation_signature",
    "otp_totp_totpdevice", "otp_static_staticdevice", "otp_static_statictoken", "oauth2_provider_grant",
}  # fmt: skip


def powers(role, tables, deeds=("INSERT", "UPDATE", "DELETE")):
    """What a role may do to tables, or to some column of them, as PostgreSQL says it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tab, deed FROM unnest(%s::text[]) tab, unnest(%s::text[]) deed"
            " WHERE has_table_privilege(%s, tab, deed)"
            " OR (deed <> 'DELETE' AND has_any_column_privilege(%s, tab, deed))",
            [sorted(tables), list(deeds), role, role],
        )
        return set(cursor.fetchall())


def test_web_adds_to_what_was_said_and_changes_nothing_of_it():
    assert powers(WEB, SAID) == {(table, "INSERT") for table in SAID}


def test_only_workers_write_what_is_computed():
    assert powers(WEB, COMPUTED) == set()
    assert {table for table, _ in powers(WORKER, COMPUTED)} == COMPUTED


def test_workers_write_nothing_that_people_decide_or_agencies_send():
    sent = {"federation_submission", "federation_signature", "federation_answer", "federation_report"}
    assert powers(WORKER, DECIDED | sent) == set()


def test_workers_read_nothing_that_opens_a_door(signed_in):
    # Of a credential, workers read whose it is and when it ends.
    assert powers(WORKER, SECRET, ["SELECT"]) == {("countries_credential", "SELECT")}
    for column in ("client_id", "client_secret", "scopes", "networks"):
        assert refused(signed_in, WORKER, f"SELECT {column} FROM countries_credential")
    assert refused(signed_in, WORKER, "SELECT session_data FROM django_session")


def test_web_takes_no_key_away_and_makes_no_permission():
    assert powers(WEB, {"countries_signingkey", "auth_permission"}) == {
        ("countries_signingkey", "INSERT"),
        ("countries_signingkey", "UPDATE"),
    }


def test_public_reads_what_is_listed_and_nothing_else(signed_in):
    may = {table for table in TABLES if not refused(signed_in, PUBLIC, f"SELECT 1 FROM {table} LIMIT 1")}
    listed = {table for table, rights in TABLES.items() if rights.public}
    assert may == listed
    exact = {
        "report",
        "figure",
        "submission",
        "finding",
        "hold",
        "answer",
        "auditevent",
        "observation",
    }
    assert not listed & {f"federation_{name}" for name in exact}
    assert not [name for name in listed if name.startswith(("auth", "oauth2", "django"))]


def test_public_finds_no_column_that_is_not_listed(signed_in):
    hidden = {
        "countries_agency": "signature_required",
        "countries_setup": "remark",
        "federation_roundingseal": "fingerprint",
    }
    assert [
        name for name, column in hidden.items() if not refused(signed_in, PUBLIC, f"SELECT {column} FROM {name}")
    ] == []


def test_public_neither_writes_nor_keeps_others_waiting(signed_in):
    assert powers(PUBLIC, TABLES) == set()
    deeds = [
        f"{verb} {table}"
        for table in TABLES.keys() - {"federation_observation"}
        for verb in ("DELETE FROM", "TRUNCATE")
    ]
    done = [deed for deed in [*FOR_THE_PUBLIC_NEITHER, *deeds] if not refused(signed_in, PUBLIC, deed)]
    assert done == []


def test_connection_of_a_public_read_is_read_only_for_every_caller():
    """A replica may be given with a role of another name, which does not begin so by itself."""
    with connected(public=databases._parse_public_url(address(WORKER))):
        with connections["public"].cursor() as cursor:
            cursor.execute("SHOW default_transaction_read_only")
            assert cursor.fetchone() == ("on",)
        with pytest.raises(InternalError, match="read-only"), connections["public"].cursor() as cursor:
            cursor.execute("DELETE FROM federation_failure")


def test_public_begins_read_only():
    with psycopg.connect(address(PUBLIC)) as public:
        assert public.execute("SHOW default_transaction_read_only").fetchone() == ("on",)


def test_injected_statement_finds_no_exact_count(signed_in):
    """As if a parameter had got into the text of the statement that reads cells."""
    statement = (published.statement("published_series").decode()).replace("%(version)s", "0 UNION SELECT 1, 1, ({})")
    statement = statement.replace("%(indicator)s", "1").replace("%(frequency)s", "'D'").split("AND (%(countries)s")[0]
    harmless = statement.format("SELECT count(*) FROM federation_publishedcell")
    signed_in[PUBLIC].execute(harmless)
    for table in ("federation_figure", "federation_report", "federation_observation", "auth_user", "django_session"):
        with pytest.raises(errors.InsufficientPrivilege):
            signed_in[PUBLIC].execute(statement.format(f"SELECT count(*) FROM {table}"))
    with pytest.raises(errors.SyntaxError):
        # Through psycopg a second statement does not even run where there are parameters.
        signed_in[PUBLIC].execute("SELECT %s; SELECT 1", [1])


def test_every_table_and_view_is_in_the_list():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')"
        )
        assert {name for (name,) in cursor.fetchall()} == TABLES.keys()


def granted():
    """Who was given what: by table, and by column."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT grantee::regrole::text, privilege_type, relname::text, NULL"
            " FROM pg_class, aclexplode(relacl) WHERE relnamespace = 'public'::regnamespace AND grantee <> relowner"
            " UNION ALL SELECT grantee::regrole::text, privilege_type, relname::text, attname::text"
            " FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid, aclexplode(attacl)"
            " WHERE relnamespace = 'public'::regnamespace"
        )
        return {roles.Right(*row) for row in cursor.fetchall()}


def test_what_is_granted_is_what_is_listed():
    assert granted() == set(roles.rights())


def test_granting_again_takes_back_what_is_not_listed_and_gives_what_is_missing():
    with connection.cursor() as cursor:
        cursor.execute("GRANT SELECT ON federation_report, auth_user TO police2peer_public")
        cursor.execute("REVOKE SELECT ON federation_publishedcell FROM police2peer_public")
    assert roles.missing() == ["police2peer_public lacks SELECT on federation_publishedcell"]
    roles.grant()
    assert roles.missing() == []
    assert granted() == set(roles.rights())


def test_granting_takes_back_what_an_older_postgresql_gives_everybody():
    functions = ("pg_try_advisory_xact_lock(bigint)", "lowrite(int, bytea)", "loread(int, int)")
    rights = [f"has_function_privilege('{PUBLIC}', '{one}', 'EXECUTE')" for one in functions]
    rights.append(f"has_schema_privilege('{PUBLIC}', 'public', 'CREATE')")
    rights.append(f"has_database_privilege('{PUBLIC}', current_database(), 'TEMPORARY')")
    given = f"SELECT {', '.join(rights)}"
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT EXECUTE ON FUNCTION {', '.join(functions)} TO PUBLIC")
        cursor.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
        cursor.execute(f"GRANT TEMPORARY ON DATABASE {connection.settings_dict['NAME']} TO PUBLIC")
        cursor.execute(given)
        assert set(cursor.fetchone()) == {True}
        roles.grant()
        cursor.execute(given)
        assert set(cursor.fetchone()) == {False}


def test_owner_who_is_no_superuser_keeps_the_locks_that_rebuild_takes():
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE lesser_owner")
        cursor.execute(f"ALTER DATABASE {connection.settings_dict['NAME']} OWNER TO lesser_owner")
        roles.grant()
        cursor.execute("SELECT has_function_privilege('lesser_owner', 'pg_try_advisory_xact_lock(bigint)', 'EXECUTE')")
        assert cursor.fetchone() == (True,)


def test_nothing_is_granted_where_a_table_is_not_there_yet():
    with connection.cursor() as cursor:
        cursor.execute("DROP VIEW federation_observation")
        cursor.execute("ALTER TABLE federation_work RENAME TO federation_later")
        roles.grant()
        assert not [right for right in roles.missing() if "work" in right]


def test_roles_own_nothing_and_have_no_powers():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls,"
            " (SELECT count(*) FROM pg_class WHERE relowner = pg_roles.oid),"
            " (SELECT count(*) FROM pg_auth_members WHERE member = pg_roles.oid)"
            " FROM pg_roles WHERE rolname = ANY(%s)",
            [list(ROLES)],
        )
        assert cursor.fetchall() == [(False, 0, 0)] * len(ROLES)


def test_reads_go_over_the_public_connection_and_writes_never():
    router = Router()
    with routing._reading(PublicRead("elsewhere")):
        assert router.db_for_read(object) == "elsewhere"
        assert router.db_for_write(object) == "default"
        assert router.allow_migrate("default", "federation")
        assert not router.allow_migrate("elsewhere", "federation")
        with pytest.raises(connections.exception_class):
            Reference.current()
    assert router.db_for_read(object) == "default"


@pytest.fixture
def composed():
    """Roles under other names, as those of the tests are there already; dropped afterwards."""
    names = [f"composed_{role}" for role in ("web", "worker", "public")]
    yield names
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as owner:
        for name in names:
            owner.execute(f"DROP ROLE IF EXISTS {name}")


@pytest.mark.skipif(programs() is None, reason="the wheel with PostgreSQL's programs is not installed")
def test_roles_that_containers_make_sign_in_by_their_secrets(composed, tmp_path):
    place = urlsplit(os.environ["DATABASE_URL"])
    urls = {
        name: place._replace(netloc=f"{name}:word-{number}@{place.netloc.rpartition('@')[2]}").geturl()
        for number, name in enumerate(composed)
    }
    for name, url in urls.items():
        (tmp_path / f"{name.removeprefix('composed_')}_database_url").write_text(url)
    words = (ROOT / "deploy/container/roles.sql").read_text()
    words = words.replace("/run/secrets", str(tmp_path)).replace("police2peer_", "composed_")
    subprocess.run(
        [programs() / "psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", os.environ["DATABASE_URL"]],
        input=words, text=True, capture_output=True, check=True,
    )  # fmt: skip
    for name, url in urls.items():
        with psycopg.connect(url) as signed_in:
            row = signed_in.execute(
                "SELECT rolname, rolsuper OR rolcreaterole, current_setting('default_transaction_read_only')"
                " FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
        assert row == (name, False, "on" if name == "composed_public" else "off")
