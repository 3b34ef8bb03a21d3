"""Each kind of audit event is a sentence that people understand. A new kind without words fails here."""

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from countries import registry
from countries.accounts import credentials
from countries.actors import ActorKind, name_without_account
from countries.models import Schedule, Threshold
from federation import audit
from federation.desk import event_history, event_words
from federation.models.audit import BY_PROGRAM, AuditEvent
from federation.models.findings import Decision
from tests import factories
from tests.integration.countries import desk_rows

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[3]
#: Actions that are made from parts: how the code writes them, and what they can be.
MADE = {
    "report.{decision.value}": {f"report.{one}" for one in (Decision.RELEASED, Decision.REJECTED)},
    # Of the registry, by the table.
    "{kind}.{change}": set(),
}
#: Tables of `countries` that nobody writes by the registry's `save` and `delete`.
NEVER_SAVED = {"country", "network", "pastpopulation", "referenceversion", "signin", "withdrawnannotation"}
#: Signs of a value that was not put into words.
RAW = re.compile(r"[{}\[\]]|None|True|False|_id\b|datetime")


def actions_in_code():
    """The actions that the code records, from the calls of functions that record."""
    for file in [path for room in ("federation", "countries", "api", "config") for path in (ROOT / room).rglob("*.py")]:
        for call in ast.walk(ast.parse(file.read_text())):
            name = getattr(call.func, "attr", getattr(call.func, "id", "")) if isinstance(call, ast.Call) else ""
            if name not in ("record", "_record"):
                continue
            named = [one.value for one in call.keywords if one.arg == "action"]
            for given in named or call.args[:1]:
                if isinstance(given, ast.Constant) and isinstance(given.value, str) and "." in given.value:
                    yield given.value
                elif isinstance(given, ast.JoinedStr):
                    yield "".join(
                        str(part.value) if isinstance(part, ast.Constant) else f"{{{ast.unparse(part.value)}}}"
                        for part in given.values
                    )


def test_each_action_of_the_code_has_a_sentence():
    found = set(actions_in_code())
    made = {one for one in found if "{" in one}
    assert made == set(MADE)
    assert (found - made).union(*MADE.values()) == set(event_words.SENTENCES)


def test_each_table_of_the_registry_has_a_name():
    tables = {model._meta.model_name for model in apps.get_app_config("countries").get_models()}
    assert tables - NEVER_SAVED | {"user", "group"} == set(event_words.ROW_NAMES)


def recorded(action, subject, details, by="kari", reason=""):
    number = audit.record(by=by, action=action, subject=subject, details=details, reason=reason)
    return AuditEvent.objects.get(pk=number)


def words_of(event):
    [words] = event_words.in_words([event])
    return words


REPORT = {"agency": "NO-KRIPOS", "indicator": "DOWNLOADS", "frequency": "D", "period": "2026-11-24"}
KINDS = [
    ("report.released", "report 7", REPORT, "kari released the report of NO-KRIPOS, DOWNLOADS, day 2026-11-24."),
    ("report.rejected", "report 7", REPORT, "kari rejected the report of NO-KRIPOS, DOWNLOADS, day 2026-11-24."),
    (
        "report.made_current", "report 7", {"frequency": "H", "period": "2026-11-24T10", "instead_of": [8, 9]},
        "kari used report 7 again for the hour 2026-11-24T10.",
    ),
    (
        "finding.resolved", "finding 3", {**REPORT, "rule": "R202"},
        "kari resolved finding 3 (R202) of NO-KRIPOS, DOWNLOADS, day 2026-11-24.",
    ),
    (
        "finding.answered", "finding 3", {**REPORT, "rule": "R102", "answer": "confirmed"},
        "kari answered finding 3 (R102) of NO-KRIPOS, DOWNLOADS, day 2026-11-24: ",
    ),
    (
        "submission.accepted", "submission 0b5d9d7c-5a0f-4a52-8a3c-7f9c5f0f4d11",
        {"agency": "NO-KRIPOS", "reports": 3, "body": "ab", "signature": {"keyid": "NO-KRIPOS.k"}},
        "kari sent 3 reports of NO-KRIPOS, signed.",
    ),
    (
        "clock.put_back", "the clock's mark",
        {"before": "2026-11-24 10:00:00+00:00", "after": "2026-11-24 09:00:00+00:00"},
        "kari put the clock's mark back from 2026-11-24 10:00 UTC to 2026-11-24 09:00 UTC.",
    ),
    (
        "database.restored", "database",
        {"version": 12000, "restored": "2026-11-24T10:00:00+00:00", "made": "2026-11-23T10:00:00+00:00"},
        "kari restored the database from the backup of 2026-11-23 10:00 UTC, whose newest version was 12,000.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("action", "subject", "details", "sentence"), KINDS, ids=[kind[0] for kind in KINDS])
def test_event_is_a_sentence(action, subject, details, sentence):
    words = words_of(recorded(action, subject, details))
    assert words.sentence.startswith(sentence)
    assert not [text for text in (words.sentence, *(text for fact in words.facts for text in fact)) if RAW.search(text)]


@pytest.mark.parametrize(
    ("by", "said", "is_program"),
    [
        ("kari", "kari", False),
        (name_without_account(ActorKind.COMMAND, "restore"), "The command restore", True),
        (name_without_account(ActorKind.CREDENTIAL, "NO-KRIPOS.1"), "The credential NO-KRIPOS.1", True),
        (name_without_account(ActorKind.RECIPIENT, 5), "A reader of a message to recipient 5", True),
    ],
)
def test_programs_are_told_from_people(by, said, is_program):
    event = recorded("report.released", "report 7", REPORT, by=by)
    assert words_of(event).sentence.startswith(f"{said} released the report")
    assert AuditEvent.objects.filter(BY_PROGRAM).exists() is is_program


def test_no_user_has_the_name_of_a_program():
    with pytest.raises(ValidationError):
        registry.create_account(username=name_without_account(ActorKind.COMMAND, "restore"), by="kari")
    for kind in ActorKind:
        with pytest.raises(ValidationError):
            User.username_validator(name_without_account(kind, "x"))


def test_sentences_are_tried_for_each_kind():
    assert {kind[0] for kind in KINDS} == set(event_words.SENTENCES)


def test_each_table_is_put_into_words_when_a_row_is_added_changed_and_deleted():
    rows = {row._meta.model_name: row for row in desk_rows.make().values()}
    rows |= {"schedule": Schedule.objects.get(), "threshold": Threshold.objects.get()}
    rows["indicatortranslation"] = factories.IndicatorTranslationFactory.create()
    for kind in event_words.ROW_NAMES:
        columns = registry.columns_of(rows[kind])
        if kind in ("user", "group"):
            columns |= {"permissions": ["add_agency"], "groups": ["coordinator"]}
        changed = columns | {next(name for name, value in columns.items() if value and name != "id"): None}
        for change, before, after in (
            ("added", None, columns),
            ("changed", changed, columns),
            ("removed", columns, None),
        ):
            words = words_of(recorded(f"{kind}.{change}", f"{kind} x", {"before": before, "after": after}))
            told = [words.sentence, words.in_short, *(text for fact in words.facts for text in fact)]
            assert not [text for text in told if RAW.search(text)], kind
            assert f"kari: {kind}" not in words.sentence, kind
            assert bool(words.changes) == (change == "changed"), kind


def test_change_says_what_was_there_before_with_names_and_units():
    schedule = factories.ScheduleFactory.create(frequency="D", deadline_minutes=60)
    schedule.deadline_minutes = 90
    registry.save(schedule, by="anna", reason="They asked for it.")
    words = words_of(AuditEvent.objects.latest("id"))
    assert words.sentence == f"anna changed the schedule of NO-KRIPOS, {schedule.indicator.code}, each day."
    assert words.in_short == "Deadline: from 60 minutes to 90 minutes."
    assert words.address.endswith(f"/agency/{schedule.agency_id}/change/")


def test_long_change_is_short_in_the_list():
    agency = factories.AgencyFactory.create()
    before = registry.columns_of(agency)
    after = before | {"name": "b", "contact": "c", "active": False, "invented": True, "signature_required": True}
    words = words_of(recorded("agency.changed", f"agency {agency}", {"before": before, "after": after}))
    assert (len(words.changes), words.in_short.count("from")) == (5, 3)
    assert words.in_short.endswith("; and 2 more fields.")


def test_revoked_credential_is_called_so():
    credential = factories.CredentialFactory.create()
    credentials.revoke(credential=credential, by="anna", now=datetime(2026, 11, 24, tzinfo=UTC), reason="lost")
    words = words_of(AuditEvent.objects.latest("id"))
    assert words.sentence == f"anna revoked the credential {credential.client_id}."


@pytest.mark.parametrize(
    ("action", "details"),
    [
        ("agency.renamed", {"old": {"names": ["a", "b"]}, "deep": {"deeper": {"value": 1}}}),
        ("report.released", {"another": "form"}),
        ("agency.changed", {"before": 1, "after": None}),
        ("agency.changed", {}),
        ("finding.answered", {**REPORT, "rule": "R102", "answer": "unknown"}),
        ("nothing", ["a", {"b": None}]),
        ("schedule.added", {"before": None, "after": {"agency_id": 1, "gone": True}}),
    ],
)
def test_unknown_and_old_events_are_readable(action, details):
    words = words_of(recorded(action, "agency X", details))
    assert words.sentence == f"kari: {action.replace('.', ' ')}, agency X."
    assert all(not RAW.search(text) for fact in words.facts for text in fact)


def test_actors_that_are_programs_are_named_as_such():
    for by, said in (
        ("credential NO-KRIPOS.1", "The credential NO-KRIPOS.1 sent"),
        ("command restore", "The command restore sent"),
        ("ola", "ola sent"),
    ):
        details = {"agency": "NO-KRIPOS", "reports": 1, "body": "ab"}
        event = recorded("submission.accepted", "submission 0b5d9d7c-5a0f-4a52-8a3c-7f9c5f0f4d11", details, by=by)
        assert words_of(event).sentence == f"{said} 1 report of NO-KRIPOS."


def test_history_has_the_row_its_parts_and_its_earlier_names_and_nothing_of_others():
    agency, other = (factories.AgencyFactory.create(code=code) for code in ("NO-KRIPOS", "NO-TELE"))
    for one in (agency, other):
        one.name = f"Police {one.code}"
        registry.save(one, by="anna")
        schedule = factories.ScheduleFactory.build(agency=one, indicator=factories.IndicatorFactory.create())
        registry.save(schedule, by="anna")
    told = [one.words.sentence for one in event_history.events_about(agency)]
    assert [text.partition(" the ")[2][:20] for text in told] == ["schedule of NO-KRIPO", "agency NO-KRIPOS."]
    assert event_history.events_about(agency, limit=1)[0].words.sentence == told[0]


def test_two_annotations_of_one_day_have_their_own_histories():
    first, second = (factories.AnnotationFactory.create(start=datetime(2026, 11, 1, tzinfo=UTC)) for _ in range(2))
    for row, text in ((first, "One."), (second, "Two.")):
        row.text = text
        registry.save(row, by="anna")
    assert [one.words.sentence for one in event_history.events_about(first)] == ["anna changed the annotation “One.”."]


def test_rows_are_read_together(django_assert_max_num_queries):
    for number in range(5):
        schedule = factories.ScheduleFactory.build(
            agency=factories.AgencyFactory.create(code=f"NO-{number}"), indicator=factories.IndicatorFactory.create()
        )
        registry.save(schedule, by="anna")
    events = list(AuditEvent.objects.all())
    assert len(events) >= 5
    with django_assert_max_num_queries(2):
        event_words.in_words(events)


def test_row_that_is_gone_is_called_by_its_number():
    columns = {"id": 5, "agency_id": 31999, "name": "R104_TOTAL", "value": 2.5}
    words = words_of(recorded("threshold.removed", "threshold x", {"before": columns, "after": None}))
    assert words.sentence.endswith("of number 31999.")
