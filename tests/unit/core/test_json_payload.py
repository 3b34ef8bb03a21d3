"""JSON submissions: their meaning, refusals with their places, and that both paths read the same."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest

from p2p_core.payloads import draft as drafts
from p2p_core.payloads import faults as payload_faults
from p2p_core.payloads.faults import PayloadError
from p2p_core.payloads.payload_codes import PAYLOAD_CODES
from tests.unit.core.json_bodies import body, report
from tests.unit.core.payload_cases import NOW, faults, plain, read_json

NO, DE, UNKNOWN = 578, 276, 999


def test_submission_becomes_canonical_reports():
    first = report(("NO", "EDONKEY", 0), ("_U", "EDONKEY", 3), ("NO", "BITTORRENT", 17), ("DE", "_U", 1), status="P")
    payload = read_json(body(first, {"frequency": "D", "period": "2026-11-23", "withdrawn": True}))
    assert [plain(each) for each in payload.reports] == [
        (1, "H", datetime(2026, 11, 24, 9, tzinfo=UTC), "P", False, [(DE, 9, 1), (NO, 1, 17), (UNKNOWN, 2, 3)]),
        (1, "D", datetime(2026, 11, 23, tzinfo=UTC), "A", True, []),
    ]
    assert payload.observations == 4
    arrays = payload.reports[0]
    assert (arrays.countries.dtype, arrays.networks.dtype, arrays.values.dtype) == (np.int16, np.int16, np.int64)


def test_report_without_observations_says_that_nothing_happened():
    assert plain(read_json(body(report())).reports[0])[4:] == (False, [])


@pytest.mark.parametrize(
    ("prepared", "expected"),
    [
        ("2026-11-24T11:59:02.5Z", datetime(2026, 11, 24, 11, 59, 2, 500000, tzinfo=UTC)),
        ("2026-11-24T11:59:02+00:00", datetime(2026, 11, 24, 11, 59, 2, tzinfo=UTC)),
        ("2026-11-24T12:04:59Z", NOW),
        ("2026-11-24T12:05:00Z", NOW),
        (None, NOW),
    ],
)
def test_prepared_is_receipt_at_the_latest(prepared, expected):
    assert read_json(body(report(), **({"prepared": prepared} if prepared else {}))).prepared == expected


@pytest.mark.parametrize(
    ("prepared", "code"),
    [
        ("2026-11-24T12:05:01Z", "prepared_in_future"),
        ("2026-11-24T12:00:00+01:00", "not_utc"),
        ("2026-11-24T11:00:00", "bad_prepared"),
        ("2026-11-31T11:00:00Z", "bad_prepared"),
        ("yesterday", "bad_prepared"),
        (7, "wrong_type"),
        (None, "wrong_type"),
    ],
)
def test_prepared_refused(prepared, code):
    assert faults(read_json, body(report(), prepared=prepared)) == ("invalid_payload", [("/prepared", code)])


OBSERVATION = "/reports/0/observations/0"


@pytest.mark.parametrize(
    ("cell", "pointer", "code"),
    [
        (("ZZ", "ARES", 1), "/country", "unknown_country"),
        (("no", "ARES", 1), "/country", "unknown_country"),
        (("EUROPE", "ARES", 1), "/country", "group_not_reportable"),
        (("_T", "ARES", 1), "/country", "group_not_reportable"),
        ((578, "ARES", 1), "/country", "wrong_type"),
        (("NO", "TORRENT", 1), "/network", "unknown_network"),
        (("NO", "_T", 1), "/network", "group_not_reportable"),
        (("NO", None, 1), "/network", "wrong_type"),
        (("NO", "ARES", -1), "/value", "negative_value"),
        (("NO", "ARES", 1.5), "/value", "fractional_value"),
        (("NO", "ARES", 17.0), "/value", "fractional_value"),
        (("NO", "ARES", 10**9 + 1), "/value", "value_too_large"),
        (("NO", "ARES", 10**30), "/value", "value_too_large"),
        (("NO", "ARES", True), "/value", "not_a_number"),
        (("NO", "ARES", "17"), "/value", "not_a_number"),
        (("NO", "ARES", None), "/value", "not_a_number"),
        (("NO", "ARES", [1]), "/value", "not_a_number"),
        (("NO", "ARES"), "/value", "missing_field"),
        (("NO",), "/network", "missing_field"),
        (("192.0.2.7", "ARES", 1), "/country", "personal_trace"),
        (("00:1b:63:84:45:e6", "ARES", 3), "/country", "personal_trace"),
        (("NO", "192.0.2.17:6881", 3), "/network", "personal_trace"),
        (("NO", "ARES", "2001:db8::17"), "/value", "personal_trace"),
    ],
)
def test_observation_refused(cell, pointer, code):
    found = faults(read_json, body(report(cell)))
    assert found[0] == "invalid_payload"
    assert (OBSERVATION + pointer, code) in found[1]


def test_largest_value_is_accepted():
    assert plain(read_json(body(report(("NO", "ARES", 10**9)))).reports[0])[5] == [(NO, 5, 10**9)]


def test_first_hour_of_the_campaign_is_accepted():
    [found] = read_json(body(report(period="2017-01-01T00:00"))).reports
    assert found.period == datetime(2017, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" + "0" * 5000])
def test_number_beyond_all_bounds_is_a_fault_not_an_accident(number):
    text = body(report(("NO", "ARES", 7))).replace(b"7", number.encode(), 1)
    code = "negative_value" if number.startswith("-") else "value_too_large"
    text = body(report(("NO", "ARES", 123456))).replace(b"123456", number.encode())
    assert faults(read_json, text) == ("invalid_payload", [(f"{OBSERVATION}/value", code)])


@pytest.mark.parametrize(
    ("members", "pointer", "code"),
    [
        ({"frequency": "W", "period": "2026-W40"}, "/frequency", "frequency_not_reportable"),
        ({"frequency": "A", "period": "2025"}, "/frequency", "frequency_not_reportable"),
        ({"frequency": "Q"}, "/frequency", "unknown_frequency"),
        ({"frequency": ""}, "/frequency", "unknown_frequency"),
        ({"frequency": 1}, "/frequency", "wrong_type"),
        ({"period": "2026-11-24T09:30"}, "/period", "misaligned_period"),
        ({"period": "2026-11-24T09:00:30"}, "/period", "misaligned_period"),
        ({"period": "2026-11-24T09:00+01:00"}, "/period", "not_utc"),
        ({"period": "2026-11-24"}, "/period", "bad_period"),
        ({"period": "2026-02-30T09:00"}, "/period", "bad_period"),
        ({"period": ""}, "/period", "bad_period"),
        ({"period": 2026}, "/period", "wrong_type"),
        ({"period": "2026-11-24T12:00"}, "/period", "period_not_ended"),
        ({"period": "9999-12-31T23:00"}, "/period", "period_not_ended"),
        ({"frequency": "M", "period": "2026-11"}, "/period", "period_not_ended"),
        ({"period": "0206-11-24T09:00"}, "/period", "period_too_early"),
        ({"period": "2016-12-31T23:00"}, "/period", "period_too_early"),
        ({"status": "F"}, "/status", "bad_status"),
        ({"status": 1}, "/status", "wrong_type"),
        ({"withdrawn": "yes"}, "/withdrawn", "wrong_type"),
        ({"withdrawn": True}, "/observations", "withdrawn_with_observations"),
        ({"observations": {}}, "/observations", "wrong_type"),
        ({"observations": None}, "/observations", "wrong_type"),
        ({"observations": [5]}, "/observations/0", "wrong_type"),
        ({"note": "x"}, "", "unknown_field"),
        ({"period": "a@example.org"}, "/period", "personal_trace"),
        ({"file": "d41d8cd98f00b204e9800998ecf8427e"}, "", "personal_trace"),
        ({"2001:db8::7": 1}, "", "personal_trace"),
        ({"note": {"deep": ["a@example.org"]}}, "", "personal_trace"),
    ],
)
def test_report_refused(members, pointer, code):
    assert faults(read_json, body(report(**members))) == ("invalid_payload", [(f"/reports/0{pointer}", code)])


@pytest.mark.parametrize("name", ["frequency", "period", "observations"])
def test_report_lacks_member(name):
    sent = report()
    del sent[name]
    assert faults(read_json, body(sent)) == ("invalid_payload", [(f"/reports/0/{name}", "missing_field")])


def test_period_may_end_within_a_minute_for_clocks_that_differ():
    assert read_json(body(report(frequency="N", period="2026-11-24T12:00"))).reports
    later = body(report(frequency="N", period="2026-11-24T12:01"))
    assert faults(read_json, later)[1] == [("/reports/0/period", "period_not_ended")]


def test_minutes_and_hours_may_be_written_with_seconds_and_zone():
    assert read_json(body(report(period="2026-11-24T09:00:00Z"))).reports[0].period.hour == 9


@pytest.mark.parametrize("sent", [5, [], "x", None, [[1e400]], {"long": ["x" * 100_000]}])
def test_report_that_is_none_is_refused(sent):
    text = json.dumps({"indicator": "DOWNLOADS", "reports": [report(), sent]}).replace("Infinity", "1e400")
    code, found = faults(read_json, text.encode())
    assert code == "invalid_payload"
    assert found[0] == ("/reports/1", "unknown_field" if isinstance(sent, dict) else "wrong_type")


def test_cell_named_twice_is_refused_where_it_is_named_again():
    sent = body(report(("NO", "ARES", 1), ("DE", "ARES", 1), ("NO", "ARES", 0)))
    assert faults(read_json, sent)[1] == [("/reports/0/observations/2", "duplicate_cell")]


def test_report_named_twice_is_refused_however_it_is_written():
    sent = body(report(), report(period="2026-11-24T09:00Z"), report(frequency="N"))
    assert faults(read_json, sent)[1] == [("/reports/1", "duplicate_report")]


@pytest.mark.parametrize(
    ("envelope", "expected"),
    [
        ({"indicator": "UPLOADS"}, ("/indicator", "unknown_indicator")),
        ({"indicator": None}, ("/indicator", "wrong_type")),
        ({"indicator": "d41d8cd98f00b204e9800998ecf8427e"}, ("/indicator", "personal_trace")),
        ({"reports": []}, ("/reports", "no_reports")),
        ({"reports": {}}, ("/reports", "wrong_type")),
        ({"agency": "NO-KRIPOS"}, ("", "unknown_field")),
    ],
)
def test_envelope_refused(envelope, expected):
    sent = json.dumps({"indicator": "DOWNLOADS", "reports": [report()], **envelope}).encode()
    assert faults(read_json, sent) == ("invalid_payload", [expected])


@pytest.mark.parametrize(
    ("members", "advice"),
    [
        ({"Secret": 1},
         "Expected: frequency, period, status, withdrawn, observations."),
        ({"observations": [{"country": "NO", "network": "ARES", "value": 1, "Secret": 1}]},
         "Expected: country, network, value."),
        ({"observations": ["Secret"]},
         "Expected here: an object, in braces. Its members are: country, network, value."),
        ({"observations": {}}, "Expected here: an array, in brackets."),
        ({"status": 4711}, "Expected here: a text, in quotes."),
        ({"withdrawn": "Secret"}, "Expected here: true or false, without quotes."),
        ({"status": "Secret"}, "Use A (final) or P (provisional)."),
        ({"Secret": "a@example.org"}, PAYLOAD_CODES["personal_trace"].advice),
    ],
)  # fmt: skip
def test_fault_says_what_is_expected_and_nothing_of_what_was_sent(members, advice):
    with pytest.raises(PayloadError) as refused:
        read_json(body(report(**members)))
    assert [fault.advice for fault in refused.value.faults] == [advice]
    assert not {"Secret", "4711"} & set(str(refused.value.faults).replace("'", " ").split())


def test_unknown_member_of_the_envelope_lists_its_members():
    with pytest.raises(PayloadError) as refused:
        read_json(body(report(), agency="NO-KRIPOS"))
    assert refused.value.faults[0].advice.endswith("Expected: indicator, reports, prepared.")


@pytest.mark.parametrize("text", [b"[]", b"5", b"null", b'"x"'])
def test_body_that_is_no_object_is_refused(text):
    assert faults(read_json, text) == ("invalid_payload", [("", "wrong_type")])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"{} {}", "not_json"),
        (b"{'a': 1}", "not_json"),
        (b"\xef\xbb\xbf{}", "not_json"),
        (b"[" * 200_000, "not_json"),
        (b'{"indicator": "DOWNLOADS", "reports": [' + b"[" * 200_000 + b"]" * 200_000 + b"]}", "not_json"),
        (body(report(("NO", "ARES", 7))).replace(b"7}", b"NaN}"), "not_json"),
        (body(report(("NO", "ARES", 7))).replace(b"7}", b"07}"), "not_json"),
        (body(report(("NO", "ARES", 7))).replace(b"ARES", b"AR\xffES"), "not_utf8"),
        (body(report(note="x")).replace(b'"x"', b'"\xff"'), "not_utf8"),
        (body(report(("NO", "ARES", 7))).replace(b'"ARES"', b'"\\ud800"'), "not_json"),
    ],
)
def test_unreadable_body(text, code):
    assert faults(read_json, text)[0] == code


@pytest.mark.parametrize(
    ("member", "pointer"),
    [
        (b'"indicator": "DOWNLOADS"', ""),
        (b'"frequency": "H"', "/reports/0"),
        (b'"country": "NO"', "/reports/0/observations/0"),
        (b'"value": 7', "/reports/0/observations/0"),
    ],
)
def test_member_named_twice_is_refused(member, pointer):
    sent = body(report(("NO", "ARES", 7))).replace(member, member + b", " + member)
    assert faults(read_json, sent) == ("duplicate_member", [(pointer, "duplicate_member")])


def test_reports_named_twice_are_refused():
    sent = body(report()).replace(b'"reports": ', b'"reports": [], "reports": ')
    assert faults(read_json, sent) == ("duplicate_member", [("", "duplicate_member")])


def test_all_faults_are_counted_and_the_first_hundred_listed():
    sent = body(*[report(("ZZ", "NET", -1), period=f"2026-11-2{n}T09:00") for n in range(4)] * 20)
    with pytest.raises(PayloadError) as refused:
        read_json(sent)
    assert refused.value.fault_count == 4 * 20 * 3 + 76
    assert len(refused.value.faults) == 100


def test_reading_stops_after_so_many_faults(monkeypatch):
    monkeypatch.setattr(payload_faults, "MOST", 150)
    sent = body(report(*[("ZZ", "NET", -1)] * 1000))
    with pytest.raises(PayloadError) as refused:
        read_json(sent)
    assert (refused.value.code, refused.value.fault_count, len(refused.value.faults)) == ("invalid_payload", 150, 100)
    assert "150 faults or more" in refused.value.detail


def test_faulty_reports_count_as_reports(monkeypatch):
    monkeypatch.setattr(drafts, "MAX_REPORTS", 2)
    for indicator in (b"DOWNLOADS", b"UNKNOWN"):
        sent = b'{"indicator": "%s", "reports": [{}, {}%s]}'
        assert faults(read_json, sent % (indicator, b""))[0] == "invalid_payload"
        assert faults(read_json, sent % (indicator, b", {}"))[0] == "too_many_reports"


def test_too_many_observations_are_refused(monkeypatch):
    monkeypatch.setattr(drafts, "MAX_OBSERVATIONS", 2)
    assert read_json(body(report(("NO", "ARES", 1), ("DE", "ARES", 1)))).observations == 2
    three = [("NO", "ARES", 1), ("DE", "ARES", 1), ("FR", "ARES", -1)]
    assert faults(read_json, body(report(*three)))[0] == "too_many_observations"


def test_too_many_reports_are_refused(monkeypatch):
    monkeypatch.setattr(drafts, "MAX_REPORTS", 1)
    assert faults(read_json, body(report(), report(frequency="N")))[0] == "too_many_reports"


@pytest.mark.parametrize(
    ("member", "items", "fewer"),
    [
        ("reports", "[1{}]", "too_many_reports"),
        ("reports", "[[1{}]]", "invalid_payload"),
        ("extra", "[1{}]", "invalid_payload"),
    ],
)
def test_more_items_than_any_submission_has_are_refused_before_they_are_made(monkeypatch, member, items, fewer):
    monkeypatch.setattr(drafts, "MAX_REPORTS", 10)
    monkeypatch.setattr(drafts, "MAX_OBSERVATIONS", 10)
    for more, code in ((79, fewer), (80, "too_many_observations")):
        sent = f'{{"indicator":"DOWNLOADS","{member}":{items.format(",1" * more)}}}'
        assert faults(read_json, sent.encode())[0] == code


def test_largest_submission_has_no_more_commas_than_may_be(monkeypatch):
    monkeypatch.setattr(drafts, "MAX_REPORTS", 1)
    monkeypatch.setattr(drafts, "MAX_OBSERVATIONS", 2)
    assert (
        read_json(
            body(report(("NO", "ARES", 1), ("DE", "ARES", 1), status="P"), prepared="2026-11-24T11:59:02Z")
        ).observations
        == 2
    )


# --- both paths agree -----------------------------------------------------------------------------------------------
