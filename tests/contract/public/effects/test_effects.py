"""Registered interventions and their estimates over HTTP: as they are now, and as they were."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from math import exp

import pytest

from api import caching
from api.formats import effects as effect_documents
from countries.models import drawn_order
from federation.database import clock
from federation.rules.effect_result import Result, Word
from tests.contract.public import interventions
from tests.contract.public.interventions import AFTER, BEFORE, OTHERS, START, counts, estimate, intervention
from tests.contract.public.press import z
from tests.factories import AgencyFactory, IndicatorFactory

NOTHING = Result(weeks=3, months=24, agencies=["NO-KRIPOS"], excluded=[])
IN_TIME = datetime(2025, 12, 1, 9, 5, tzinfo=UTC)
TODAY = datetime.now(UTC).date()
THIS_MONDAY = TODAY - timedelta(days=TODAY.weekday())
LATER_MONDAY = THIS_MONDAY + timedelta(weeks=2)


def answered(answer):
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)


def rows(answer):
    assert answer.status_code == 200, answer.content
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


def one(read, made, **given):
    return answered(read(f"effects/{made.pk}", **given))["effect"]


def test_nothing_is_registered(press, read):
    meta = {"version": None, "known_at": None, "as_of": None, "notes": []}
    assert answered(read("effects")) == {"meta": meta, "effects": [], "draws": []}
    answer = read("effects", format="csv")
    assert answer.content.decode() == ",".join(effect_documents.LIST_COLUMNS) + "\r\n"


def test_list_has_the_documented_shape(found, press, read):
    answer = answered(read("effects"))
    [row] = answer["effects"]
    [draw] = answer["draws"]
    number = row["estimate"]["version"]
    assert answer["meta"] == {
        "version": number,
        "known_at": z(press.known_at(number)),
        "as_of": None,
        "notes": ["A download is not a person and not an offence."],
    }
    change, low, high = (row["estimate"].pop(name) for name in ("change", "low", "high"))
    percent = [row["estimate"].pop(f"{name}_percent") for name in ("change", "low", "high")]
    assert percent == pytest.approx([100 * (exp(end) - 1) for end in (change, low, high)], abs=1e-6)
    assert -0.7 < low < change < high < 0
    assert row == {
        "id": found.pk,
        "title": "Warnings in search results",
        "description": "Searches for known terms show a warning.",
        "registrant": "National Police, unit for prevention",
        "countries": ["NO"],
        "networks": [],
        "indicator": "DOWNLOADS",
        "direction": "fewer",
        "start": "2026-01-05",
        "weeks_before": 52,
        "weeks_after": 26,
        "comparison": [],
        "draw": draw["id"],
        "registered": "2025-12-01T09:00:00.000Z",
        "seal": {"position": 7, "sealed": "2025-12-01T09:05:00.000Z"},
        "late": False,
        "word": "found",
        "reason": None,
        "estimate": {
            "version": number,
            "known_at": z(press.known_at(number)),
            "weeks": 26,
            "panel": "24",
            "agencies": ["NO-KRIPOS", "SE-NOA"],
            "excluded": [],
            "rank": 1,
            "of": 25,
        },
    }


def test_draw_has_everything_to_repeat_it(found, read):
    [draw] = answered(read("effects"))["draws"]
    assert draw == {
        "id": draw["id"],
        "title": "The order in which countries start",
        "countries": ["NO", "SE", "DK"],
        "source": "The randomness of round 5000000 of a public network",
        "known_from": "2025-11-12T12:00:00.000Z",
        "announced": "2025-11-02T08:00:00.000Z",
        "value": "8f2c41d0",
        "drawn": "2025-11-12T13:00:00.000Z",
        "order": drawn_order("8f2c41d0", ["NO", "SE", "DK"]),
    }
    assert answered(read(f"effects/{found.pk}"))["draws"] == [draw]


def test_draw_before_its_value_has_no_order(press, read):
    interventions.draw(value="", drawn=None)
    [draw] = answered(read("effects"))["draws"]
    assert (draw["value"], draw["drawn"], draw["order"]) == (None, None, [])


def test_detail_has_everything_behind_the_estimate(found, read):
    whole, [short] = answered(read(f"effects/{found.pk}")), answered(read("effects"))["effects"]
    effect = whole["effect"]
    assert {name: effect[name] for name in short} == short
    assert [(unit["treated"], unit["countries"]) for unit in effect["units"]] == [
        (True, ["NO"]), *((False, [code]) for code in OTHERS),
    ]  # fmt: skip
    values = counts()
    assert [unit["before"] for unit in effect["units"]] == values[:, :BEFORE].sum(axis=1).tolist()
    assert [unit["after"] for unit in effect["units"]] == values[:, BEFORE:].sum(axis=1).tolist()
    assert [row["weeks"] for row in effect["over_time"]] == list(range(1, AFTER + 1))
    names = [f"{name}{unit}" for unit in ("", "_percent") for name in ("change", "low", "high")]
    assert effect["over_time"][-1] == {"weeks": AFTER} | {name: effect["estimate"][name] for name in names}
    assert (effect["lines"]["first_week"], effect["lines"]["weeks_together"]) == ("2025-W02", 4)
    assert [line["countries"] for line in effect["lines"]["units"]] == [unit["countries"] for unit in effect["units"]]
    assert {len(line["changes"]) for line in effect["lines"]["units"]} == {BEFORE + AFTER - 3}


def test_logarithms_have_nine_decimals_and_percentages_six(found, read):
    effect = one(read, found)
    logs = [effect["estimate"]["change"], *(unit["size"] for unit in effect["units"])]
    logs += effect["lines"]["units"][0]["changes"]
    assert all(number == round(number, 9) for number in logs)
    assert effect["estimate"]["low_percent"] == round(effect["estimate"]["low_percent"], 6)


def test_csv_of_the_list_has_the_numbers_of_json(found, press, read):
    answer, [row] = read("effects", format="csv"), answered(read("effects"))["effects"]
    [cells] = rows(answer)
    assert tuple(cells) == effect_documents.LIST_COLUMNS
    estimate = row["estimate"]
    expected = {name.upper(): row[name] for name in ("id", "indicator", "direction", "start", "draw", "word")}
    expected |= {name.upper(): value for name, value in estimate.items() if name not in ("agencies", "excluded")}
    assert cells == {
        **dict.fromkeys(("NETWORKS", "COMPARISON", "REASON", "EXCLUDED"), ""),
        **{name: str(value) for name, value in expected.items()},
        "COUNTRIES": "NO",
        "WEEKS_BEFORE": "52",
        "WEEKS_AFTER": "26",
        "REGISTERED": row["registered"],
        "SEAL_POSITION": "7",
        "SEALED": "2025-12-01T09:05:00.000Z",
        "LATE": "false",
        "AGENCIES": "NO-KRIPOS SE-NOA",
    }
    assert answer["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert (answer["Version"], answer["Known-At"]) == (str(estimate["version"]), estimate["known_at"])
    assert read("effects", headers={"accept": "text/csv"}).content == answer.content


def test_csv_of_the_detail_has_a_row_for_each_unit(found, read):
    answer, effect = read(f"effects/{found.pk}", format="csv"), one(read, found)
    listed = rows(answer)
    assert tuple(listed[0]) == effect_documents.UNIT_COLUMNS
    assert [row["COUNTRIES"] for row in listed] == ["NO", *OTHERS]
    assert [row["UNIT"] for row in listed] == ["treated", *["comparison"] * len(OTHERS)]
    for row, unit in zip(listed, effect["units"], strict=True):
        assert all(row[name.upper()] == str(unit[name]) for name in ("before", "after", "change", "usual", "size"))
    own = [str(effect["estimate"][name]) for name in ("low", "high", "rank")]
    assert [listed[0][name] for name in ("LOW", "HIGH", "RANK")] == own
    assert {row[name] for row in listed[1:] for name in ("LOW", "HIGH", "RANK")} == {""}
    assert answer["Version"] == str(effect["estimate"]["version"])


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", '+A1"', "-2\t", "a,b\r\nc"])
def test_no_cell_of_csv_is_a_text_that_somebody_wrote(press, read, text):
    """A spreadsheet program could take such a text for a formula."""
    made = intervention(title=text, description=text, registrant=text, draw=interventions.draw(title=text, source=text))
    estimate(press, made, counts())
    for path in ("effects", f"effects/{made.pk}"):
        content = read(path, format="csv").content.decode()
        assert text.strip() not in content
        assert not {cell[0] for row in csv.reader(content.splitlines()) for cell in row if cell} & set("=@+\t")
    assert answered(read("effects"))["effects"][0]["title"].startswith(text[:2])


def test_invented_numbers_are_marked_in_every_form(found, read):
    AgencyFactory.create(invented=True)
    from countries import reference

    reference.snapshots.clear()
    for path in ("effects", f"effects/{found.pk}"):
        answer = read(path, format="csv")
        assert {row["INVENTED"] for row in rows(answer)} == {"true"}
        assert list(rows(answer)[0])[-1] == "INVENTED"
        assert answer["Invented"] == "true"
        assert len(answered(read(path))["meta"]["notes"]) == 2


# --- words, and the time on which they depend -------------------------------------------------------------------------


def test_word_depends_on_the_start_until_there_is_an_estimate(press, read):
    later, running = intervention(start=LATER_MONDAY), intervention(start=THIS_MONDAY)
    assert {row["id"]: row["word"] for row in answered(read("effects"))["effects"]} == {
        later.pk: "registered", running.pk: "running",
    }  # fmt: skip
    assert one(read, later)["estimate"] is None
    assert one(read, later)["units"] == one(read, later)["over_time"] == one(read, later)["lines"]["units"] == []
    assert rows(read(f"effects/{later.pk}", format="csv")) == []
    assert read("effects")["Cache-Control"] == caching.CURRENT


def test_start_makes_another_tag_although_nothing_was_published(press, read, monkeypatch):
    intervention(start=LATER_MONDAY)
    first = read("effects")["ETag"]
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(weeks=3))
    assert read("effects", headers={"if-none-match": first}).status_code == 200


@pytest.mark.parametrize(
    ("sealed", "late"),
    [(None, True), (datetime(2026, 1, 4, 23, 59, 59, tzinfo=UTC), False), (datetime(2026, 1, 5, tzinfo=UTC), True)],
)
def test_registration_that_was_not_sealed_before_the_start_is_late(press, read, sealed, late):
    made = intervention()
    if sealed:
        interventions.seal(made, sealed)
    row = one(read, made)
    assert (row["late"], row["seal"] is not None) == (late, sealed is not None)
    assert rows(read("effects", format="csv"))[0]["LATE"] == str(late).lower()


@pytest.mark.parametrize("reason", ["no_comparison", "few_comparisons", "panel_broken", "small_counts"])
def test_what_cannot_be_told_has_a_reason_and_no_numbers(press, read, reason):
    made = intervention()
    interventions.store(press, made, Word.CANNOT_BE_TOLD, NOTHING, reason=reason)
    row = one(read, made)
    assert (row["word"], row["reason"]) == ("cannot_be_told", reason)
    estimate = row["estimate"]
    assert (estimate.pop("weeks"), estimate.pop("panel"), estimate.pop("agencies")) == (3, "24", ["NO-KRIPOS"])
    assert estimate.pop("excluded") == []
    assert estimate.pop("version")
    assert estimate.pop("known_at")
    assert set(estimate.values()) == {None}
    [cells] = rows(read("effects", format="csv"))
    assert (cells["REASON"], cells["CHANGE"], cells["RANK"], cells["WEEKS"]) == (reason, "", "", "3")


def test_intervention_on_networks_has_no_panel(press, read):
    made = intervention(networks=["BITTORRENT"])
    interventions.estimate(press, made, counts(), months=0)
    assert one(read, made)["estimate"]["panel"] is None
    assert one(read, made)["networks"] == ["BITTORRENT"]


def test_several_treated_countries_are_one_unit(press, read):
    made = intervention(countries=["NO", "SE"])
    interventions.estimate(press, made, counts())
    assert one(read, made)["units"][0]["countries"] == ["NO", "SE"]
    assert rows(read(f"effects/{made.pk}", format="csv"))[0]["COUNTRIES"] == "NO SE"


# --- filters ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def several(press):
    """By title: two words, two indicators."""
    IndicatorFactory.create(code="HELP_VISITS", number=2)
    estimate(press, intervention(title="found"), counts())
    interventions.estimate(press, intervention(title="not found"), counts(ratio=1), Word.NOT_FOUND)
    intervention(title="visits", indicator_id=2, start=START - timedelta(weeks=1))


@pytest.mark.parametrize(
    ("given", "titles"),
    [
        ({}, ["not found", "found", "visits"]),
        ({"indicator": "DOWNLOADS"}, ["not found", "found"]),
        ({"indicator": "HELP_VISITS"}, ["visits"]),
        ({"word": "found"}, ["found"]),
        ({"word": "not_found,running"}, ["not found", "visits"]),
        ({"word": "registered"}, []),
        ({"word": "running", "indicator": "DOWNLOADS"}, []),
    ],
)
def test_list_is_filtered_by_indicator_and_word(several, read, given, titles):
    assert [row["title"] for row in answered(read("effects", **given))["effects"]] == titles
    assert len(rows(read("effects", **given, format="csv"))) == len(titles)


# --- the past ---------------------------------------------------------------------------------------------------------


def test_past_estimates_are_read_again_as_they_were(press, read):
    made = intervention()
    interventions.seal(made, IN_TIME)
    recorded = []
    for seed, weeks in ((1, BEFORE + 4), (1, BEFORE + 8), (2, BEFORE + AFTER)):
        word = Word.RUNNING if weeks < BEFORE + AFTER else Word.FOUND
        interventions.estimate(press, made, counts(seed, weeks), word)
        recorded += [(path, answered(read(path))) for path in ("effects", f"effects/{made.pk}")]
    assert len({str(then) for _, then in recorded}) == len(recorded)
    for path, then in recorded:
        again = answered(read(path, as_of=then["meta"]["known_at"]))
        assert again["meta"].pop("as_of") == then["meta"].pop("known_at") == again["meta"].pop("known_at")
        then["meta"].pop("as_of")
        assert again == then


def test_past_view_has_the_word_of_its_time(found, press, read):
    def at(moment):
        return one(read, found, as_of=z(moment))

    begun = datetime(2026, 1, 5, tzinfo=UTC)
    before, after = at(begun - timedelta(milliseconds=1)), at(begun)
    assert (before["word"], after["word"], one(read, found)["word"]) == ("registered", "running", "found")
    assert before["estimate"] is after["estimate"] is None
    unsealed = at(IN_TIME - timedelta(seconds=1))
    assert (unsealed["seal"], unsealed["late"]) == (None, False)
    assert at(IN_TIME)["seal"] == {"position": 7, "sealed": z(IN_TIME)}


def test_past_view_does_not_know_what_was_drawn_later(found, read):
    def draws(moment):
        return answered(read("effects", as_of=moment))["draws"]

    assert draws("2025-11-02T07:59Z") == []
    assert [(one["value"], one["order"]) for one in draws("2025-11-12T12:59Z")] == [(None, [])]
    assert draws("2025-11-12T13:00Z") == answered(read("effects"))["draws"]


def test_intervention_that_was_not_registered_yet_is_not_there(found, read):
    asked = {"as_of": "2025-12-01T08:59:59Z"}
    answer = read(f"effects/{found.pk}", **asked)
    assert (answer.status_code, answer.json()["code"]) == (404, "effect_not_found")
    assert "as_of" in answer.json()["detail"]
    assert answered(read("effects", **asked))["effects"] == []
    assert one(read, found, as_of="2025-12-01T09:00:00Z")["word"] == "registered"


# --- caching ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["json", "csv"])
@pytest.mark.parametrize("path", ["effects", "effects/%s"])
def test_tag_changes_with_everything_that_the_answer_shows(press, read, path, form):
    from countries import registry

    made = intervention()
    where = path.replace("%s", str(made.pk))

    def tag():
        return read(where, format=form)["ETag"]

    tags = [tag()]
    interventions.seal(made, IN_TIME)
    tags.append(tag())
    estimate(press, made, counts())
    tags.append(tag())
    interventions.estimate(press, made, counts(2), Word.NOT_FOUND)
    tags.append(tag())
    made.title = "Other words"
    registry.save(made, by="a test")
    tags.append(tag())
    assert len(set(tags)) == len(tags)
    assert tag() == tags[-1]
    assert read(where, format=form, headers={"if-none-match": tags[-1]}).status_code == 304


def test_tag_does_not_change_with_other_seals_and_publications(found, press, read):
    first = read("effects")["ETag"]
    interventions.AuditSeal.objects.create(position=8, event=999, digest=bytes(32), sealed=IN_TIME)
    press.publish("D", {"2026-11-01": {"NO": 5}})
    assert read("effects")["ETag"] == first
