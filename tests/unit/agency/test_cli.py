"""The commands, as a person types them: what they print, and their exit codes."""

import json
import os
import re
import time
from datetime import UTC, datetime

import click.testing
import pytest

from p2p_agency import messages
from p2p_agency.cli import main
from p2p_agency.errors import AgencyError
from p2p_core.payloads.csv_header import REQUIRED
from tests.integration.processes import ROOT
from tests.unit.agency.federation import NOTHING, as_json

NOW = datetime.now(UTC)
REPORT = {"frequency": "H", "period": "2026-11-24T09:00", "observations": []}


def test_init_asks_tests_and_stores(agency, tmp_path, federation):
    text = (tmp_path / "settings.toml").read_text()
    assert 'client_secret = "secret"' in text
    federation.scope = "submissions:write"
    assert agency("init", told=f"{federation.address}\nNO-KRIPOS.2\nother\n")[0] == 4
    assert (tmp_path / "settings.toml").read_text() == text


def test_secret_comes_from_the_environment_and_never_from_the_command_line(run, federation, tmp_path, monkeypatch):
    options = "--address", federation.address, "--id", "NO-KRIPOS.1"
    code, output = run("init", *options, "--secret", "secret")
    assert (code, "No such option" in output, (tmp_path / "settings.toml").exists()) == (2, True, False)
    monkeypatch.setenv("P2P_AGENCY_SECRET", "of the environment")
    code, output = run("init", *options)
    assert (code, "Secret of the credential" in output) == (0, False)
    assert 'client_secret = "of the environment"' in (tmp_path / "settings.toml").read_text()


def test_init_refuses_what_it_cannot_use(run, federation, tmp_path):
    federation.scope = "submissions:write"
    code, output = run("init", told=f"{federation.address}\nNO-KRIPOS.1\nsecret\n")
    assert (code, "lacks submissions:read" in output) == (4, True)
    code, output = run("init", told="http://federation.example\nNO-KRIPOS.1\nsecret\n")
    assert (code, "https://" in output) == (4, True)
    assert not (tmp_path / "settings.toml").exists()


def test_init_says_how_an_address_begins_before_it_asks_for_the_credential(run):
    code, output = run("init", told="localhost:8000\n")
    asked, said = output.splitlines()
    assert (code, asked) == (4, "Address of the federation: localhost:8000")
    assert said.startswith("Error: The address must begin with https://, as in https://federation.example.org. Only if")
    assert "http://localhost:8000" in said


def test_send_stores_once(agency, file, federation):
    code, output = agency("send", file)
    assert (code, "Accepted: 1 report.\n        1 put into use" in output) == (0, True)
    code, output = agency("send", file)
    assert (code, output.startswith("This was sent before, so nothing was sent now.")) == (0, True)
    assert "The result was:\nAccepted: 1 report.\n" in output
    assert len(federation.stored) == 1
    agency("send", "--again", file)
    assert len(federation.stored) == 2


def test_file_saved_in_the_future_never_replaces_its_correction(agency, tmp_path, federation):
    file = tmp_path / "report.csv"
    file.write_text(f"{','.join(REQUIRED)}\nDOWNLOADS,H,2025-11-24T09:00,NO,ARES,95\n")
    ahead = time.time() + 390
    os.utime(file, (ahead, ahead))
    code, output = agency("send", str(file))
    assert (code, "saved in the future" in output, "waiting: 0" in agency("outbox")[1]) == (1, True, True)
    file.write_text(file.read_text().replace("95", "60"))
    assert agency("send", str(file))[0] == 0
    assert agency("send")[1] == "No submission waits in the outbox.\n"
    assert len(federation.stored) == 1


def test_report_from_the_future_waits_only_while_the_clocks_differ(agency, tmp_path, file, federation):
    away = tmp_path / "away.csv"
    away.write_text(f"{','.join(REQUIRED)}\nDOWNLOADS,H,2025-11-24T09:00,NO,ARES,95\n")
    federation.problem(503, "busy")
    federation.problem(503, "busy")
    assert agency("send", "--wait", "0", str(away))[0] == 3
    fault = {"pointer": "/prepared", "code": "prepared_in_future", "detail": "Set your clock."}
    federation.ahead = -600
    federation.problem(422, "invalid_payload", errors=[fault], error_count=1)
    code, output = agency("send")
    assert (code, "from the future. The clock of this machine is about 0:10:00 ahead" in output) == (5, True)
    assert ("stay in the outbox" in output, "waiting: 1" in agency("outbox")[1]) == (True, True)
    federation.ahead = 0
    federation.problem(422, "invalid_payload", errors=[fault], error_count=1)
    code, output = agency("send")
    assert (code, "/prepared: Set your clock. [prepared_in_future]" in output) == (1, True)
    assert "waiting: 0\nrefused: 1" in agency("outbox")[1]


def test_dry_run_stores_nothing(agency, file, federation, tmp_path):
    finding = {"id": None, "rule": "R102", "state": "open", "message": "Hour 09:00 is 12 times the usual."}
    federation.answers.append(
        as_json(200, {"report_count": 1, "outcomes": {**NOTHING, "held": 1}, "findings": [finding]})
    )
    code, output = agency("send", "--dry-run", file)
    assert code == 0
    assert "1 held until a coordinator has decided" in output
    assert "Finding (R102, open): Hour 09:00 is 12 times the usual." in output
    assert (federation.stored, (tmp_path / "outbox.sqlite").exists()) == ({}, False)


def test_two_files_for_one_hour_are_warned_of_and_only_the_later_counts(agency, federation, tmp_path):
    head = ",".join(REQUIRED)
    for name, saved, counts in (("old", 60, (75, 1)), ("new", 0, (7,))):
        lines = (f"DOWNLOADS,H,2025-11-24T{9 + at:02}:00,NO,ARES,{count}" for at, count in enumerate(counts))
        (tmp_path / f"{name}.csv").write_text("\n".join([head, *lines]))
        os.utime(tmp_path / f"{name}.csv", (NOW.timestamp() - saved,) * 2)
    old, new = (str(tmp_path / f"{name}.csv") for name in ("old", "new"))
    warning = (
        f"Warning: {old} and {new} have reports for the same periods of DOWNLOADS H: 2025-11-24T09:00. "
        f"The federation uses only the reports of {new} for them, because they were prepared last."
    )
    code, output = agency("send", "--dry-run", new, old)
    assert (code, output.splitlines()[0]) == (0, warning)
    assert "DOWNLOADS H: 2 reports from 2025-11-24T09:00 to 2025-11-24T10:00, total 8. " in output
    assert agency("send", new, old)[1].splitlines()[0] == warning
    assert "Warning" not in agency("send", "--dry-run", new)[1]


def test_dry_run_shows_the_time_zone_the_periods_the_total_and_what_is_replaced(agency, federation, tmp_path):
    file = tmp_path / "counts.csv"
    lines = "DOWNLOADS;H;2025-11-24 09:00;NO;ARES;1200", "DOWNLOADS;H;2025-11-24 10:00;NO;ARES;34"
    file.write_text("\n".join([";".join(REQUIRED), *lines]))
    setup = {"valid_from": "2020-01-01", "time_zone": "Europe/Oslo", "local_days": False}
    federation.public["/api/v1/agencies/"] = {"agencies": [{"code": "NO-KRIPOS", "setups": [setup]}]}
    figures = [
        {"period": "2025-11-24T08:00", "source": "reported", "observations": []},
        {"period": "2025-11-24T09:00", "source": "derived", "observations": []},
    ]
    federation.public["/api/v1/figures/"] = {"figures": figures, "next": None}
    output = " ".join(agency("send", "--dry-run", str(file))[1].split())
    assert (
        "DOWNLOADS H: 2 reports from 2025-11-24T08:00 to 2025-11-24T09:00, total 1,234. "
        "For 1 period, a report is in use already: yours replaces it."
    ) in output
    assert "read in the time of Europe/Oslo" in output
    for outcome in ("superseded", "unchanged", "held"):
        outcomes = {**NOTHING, "current": 1, outcome: 1}
        federation.answers.append(as_json(200, {"report_count": 2, "outcomes": outcomes, "findings": []}))
        output = " ".join(agency("send", "--dry-run", str(file))[1].split())
        assert ("For 1 period, a report is in use already. " in f"{output} ", "replaces" in output) == (True, False)
    # Each time, the set-up is read again.
    setup["time_zone"] = "Europe/London"
    output = " ".join(agency("send", str(file))[1].split())
    assert "read in the time of Europe/London" in output
    assert json.loads([*federation.stored.values()][-1])["reports"][0]["period"] == "2025-11-24T09:00"
    # CSV in the form of the API is in UTC.
    file.write_text(f"{','.join(REQUIRED)}\nDOWNLOADS,H,2025-11-24T09:00,NO,ARES,1\n")
    assert "Europe" not in agency("send", "--dry-run", str(file))[1] + agency("send", str(file))[1]


@pytest.mark.parametrize(
    ("outcomes", "says"),
    [
        (
            {"withdrawn": 1},
            ["Accepted: 1 report.", "        1 withdrawn: no earlier report for the period is used or held any more"],
        ),
        ({"unchanged": 2}, ["Accepted: 2 reports.", "        2 the same as before"]),
    ],
)
def test_each_outcome_is_said_of_one_report_and_of_several(outcomes, says):
    [(_, count)] = outcomes.items()
    answer = {"report_count": count, "outcomes": {**NOTHING, **outcomes}, "findings": []}
    assert list(messages.of_receipts("Accepted", [answer])) == says


def test_local_days_are_sent_from_the_day_on_which_the_public_set_up_allows_them(agency, federation, tmp_path):
    file = tmp_path / "days.csv"
    file.write_text(f"{','.join(REQUIRED)}\nDOWNLOADS,D,24.11.2025,NO,ARES,1\n")
    setup = {"valid_from": "2026-01-01", "time_zone": "Europe/Oslo", "local_days": False}
    federation.public["/api/v1/agencies/"] = {"agencies": [{"code": "NO-KRIPOS", "setups": [setup]}]}
    assert "allows no local days" in agency("status")[1]
    assert agency("send", str(file))[0] == 1
    setup["local_days"] = True
    code, output = agency("send", str(file))
    assert (code, "allows days and months of Europe/Oslo" in " ".join(output.split())) == (0, True)
    setup["local_days"] = False
    assert agency("send", str(file))[0] == 1


def test_refusals_and_faults_have_their_exit_code(agency, file, federation, tmp_path):
    fault = {"pointer": "/reports/0/period", "code": "bad_period", "detail": "Write it so."}
    federation.problem(422, "invalid_payload", errors=[fault], error_count=7)
    code, output = agency("send", file)
    assert (code, "/reports/0/period: Write it so. [bad_period]\n  and 6 more faults" in output) == (1, True)
    assert agency("outbox")[1].count("refused: 1") == 1
    federation.problem(422, "invalid_payload", errors=[fault], error_count=2)
    assert agency("send", file)[1].splitlines()[2] == "  and 1 more fault"
    (tmp_path / "bad.json").write_text("{")
    code, output = agency("send", str(tmp_path / "bad.json"))
    assert (code, "not_json" in output) == (1, True)


def test_refusal_leads_to_its_explanation(agency, file, federation):
    page = f"  Explanation and example: {federation.address}/docs/reference/errors/#"
    explained = "/docs/reference/errors/#"
    faults = [
        {"pointer": f"/{at}", "code": code, "title": "What is wrong", "detail": "Do this."}
        for at, code in enumerate(("bad_period", "bad_period", "not_utc", "bad_status", "bad_action"))
    ]
    federation.problem(422, "invalid_payload", type=f"{explained}invalid_payload", errors=faults, error_count=5)
    output = agency("send", file)[1]
    assert "  /0: What is wrong. Do this. [bad_period]\n" in output
    assert [line for line in output.splitlines() if line.startswith(page)] == [
        page + code for code in ("bad_period", "not_utc", "bad_status")
    ]
    assert agency("outbox")[1].count(page) == 3
    federation.problem(409, "finding_resolved", type=f"{explained}finding_resolved")
    assert agency("answer", "7", "confirmed")[1].splitlines()[1:] == [f"{page}finding_resolved"]


@pytest.mark.parametrize("kind", ["about:blank", "", "http://[", "javascript:alert(1)#a"])
def test_type_that_explains_nothing_is_not_shown(agency, federation, kind):
    federation.problem(409, "finding_resolved", type=kind)
    assert "Explanation" not in agency("answer", "7", "confirmed")[1]


def test_send_shows_the_faults_of_each_file_and_sends_none(agency, file, federation, tmp_path):
    bad = {"one.csv": "-1", "two.csv": "many"}
    for name, value in bad.items():
        (tmp_path / name).write_text(f"{','.join(REQUIRED)}\nDOWNLOADS,H,2025-11-24T09:00,NO,ARES,{value}\n")
    (tmp_path / "empty.csv").touch()
    code, output = agency("send", *(str(tmp_path / name) for name in [*bad, "empty.csv"]), file)
    assert (code, federation.stored) == (1, {})
    refused = "Refused: 1 fault. Nothing is stored."
    first, fault, link, second, other, other_link, empty, whole = output.splitlines()
    assert (first, second) == (f"Error: {tmp_path}/one.csv: {refused}", f"{tmp_path}/two.csv: {refused}")
    assert ("[negative_value]" in fault, "[not_a_number]" in other) == (True, True)
    explained = f"  Explanation and example: {federation.address}/docs/reference/errors/#"
    assert (link, other_link) == (f"{explained}negative_value", f"{explained}not_a_number")
    assert empty.startswith("empty.csv is empty.")
    assert whole.startswith("None of the files was sent.")
    code, output = agency("send", str(tmp_path / "one.csv"))
    assert (code, "None of the files" in output) == (1, False)


def test_federation_that_is_away_leaves_it_in_the_outbox(agency, file, federation):
    federation.answers += [(503, {}, b"{}")] * 2
    code, output = agency("send", "--wait", "0", file)
    assert (code, "stay in the outbox" in output) == (3, True)
    told = agency("outbox")[1]
    assert ("waiting: 1" in told, "attempt" in told) == (True, False)
    assert re.search(
        r"^waiting since \d{4}-\d\d-\d\d \d\d:\d\d UTC: DOWNLOADS, 1 report for 2026-11-24T09:00 \[[0-9a-f]{12}\]$",
        told,
        re.MULTILINE,
    )
    # It tries again by itself while it may wait.
    code, output = agency("send")
    assert (code, "Trying again in" in output, len(federation.stored)) == (0, True, 1)
    assert "Accepted: 1 report." in output
    assert agency("send") == (0, "No submission waits in the outbox.\n")


def test_outbox_says_what_waits_unless_it_was_deleted_meanwhile(agency, tmp_path, federation, monkeypatch):
    lines = (f"DOWNLOADS,H,2025-11-24T{hour:02}:00,NO,ARES,1" for hour in (10, 8, 9))
    (tmp_path / "report.csv").write_text("\n".join([",".join(REQUIRED), *lines]))
    federation.answers += [(503, {}, b"{}")]
    agency("send", "--wait", "0", str(tmp_path / "report.csv"))
    assert " UTC: DOWNLOADS, 3 reports from 2025-11-24T08:00 to 2025-11-24T10:00 [" in agency("outbox")[1]
    monkeypatch.setattr("p2p_agency.outbox.Outbox.body", lambda *_: b"")
    assert (agency("outbox")[0], "DOWNLOADS" in agency("outbox")[1]) == (0, False)


def test_without_settings_or_disk(run, agency, file, tmp_path):
    (tmp_path / "outbox.sqlite").mkdir()
    code, output = agency("send", file)
    assert (code, "cannot be used" in output) == (5, True)
    (tmp_path / "settings.toml").unlink()
    assert run("status")[0] == 4


def test_wrong_clock_is_said(agency, file, federation):
    federation.ahead = -600
    for command in (["send", file], ["send", "--again", "--dry-run", file], ["status"]):
        assert "clock of this machine is about 0:10:00 ahead" in agency(*command)[1]
    fault = {"pointer": "/reports/0/period", "code": "period_not_ended", "detail": "Wait."}
    federation.problem(422, "invalid_payload", errors=[fault], error_count=1)
    code, output = agency("send", "--again", "--wait", "0", file)
    assert (code, output.count("clock of this machine is about 0:10:00 ahead")) == (5, 1)


def test_status_findings_and_answer(agency, federation):
    code, output = agency("status")
    assert (code, "accepts the credential NO-KRIPOS.1" in output, "Open findings: 0" in output) == (0, True, True)
    finding = {"id": 7, "rule": "R102", "state": "open", "message": "Much.", "held": 3}
    federation.answers.append(as_json(200, {"findings": [finding], "next": None}))
    assert agency("findings") == (0, "Finding 7 (R102, open): Much. Held: 3 reports.\n")
    federation.answers.append(as_json(200, {"id": 7, "state": "answered"}))
    assert agency("answer", "7", "confirmed", "--remark", "A campaign.") == (0, "Finding 7 is answered.\n")
    assert json.loads(federation.asked[-1][2]) == {"answer": "confirmed", "remark": "A campaign."}
    assert agency("answer", "7", "perhaps")[0] == 2
    federation.problem(404, "finding_not_found")
    assert agency("answer", "8", "confirmed") == (
        1, "Error: No finding about your numbers has the number 8. See their numbers with: p2p-agency findings\n"
    )  # fmt: skip
    federation.problem(409, "finding_resolved")
    assert "[finding_resolved]" in agency("answer", "7", "confirmed")[1]


def test_refused_answer_names_each_fault_and_its_place(agency, federation):
    fault = {"pointer": "/remark", "code": "personal_data", "detail": "Remove the trace of a person."}
    federation.problem(422, "invalid_payload", errors=[fault], error_count=2)
    code, output = agency("answer", "7", "will_resubmit", "--remark", "Bad.")
    assert (code, output.splitlines()) == (
        1, ["Error: Title. Do this. [invalid_payload]",
            "  /remark: Remove the trace of a person. [personal_data]", "  and 1 more fault"],
    )  # fmt: skip


def test_keys_are_made_and_used_when_the_federation_knows_them(agency, federation, tmp_path):
    output = agency("keys", "new")[1]
    [key] = tmp_path.glob("signing-*.pem")
    keyid = key.name.replace("signing-", "NO-KRIPOS.").removesuffix(".pem")
    assert "BEGIN PUBLIC KEY" in output
    assert "PRIVATE" not in output
    code, output = agency("keys", "use", "NO-KRIPOS.other")
    assert (code, "Check the name. If it is right, restore the file" in output) == (4, True)
    federation.problem(403, "signature_key_unknown")
    assert agency("keys", "use", keyid)[0] == 4
    assert "are not signed" in agency("status")[1]
    federation.problem(422, "invalid_payload")
    assert agency("keys", "use", keyid)[0] == 0
    assert f"signed as {keyid}" in agency("status")[1]


def test_compare_sends_what_is_lacking(agency, file, federation):
    agency("send", file)
    federation.stored.clear()
    code, output = agency("outbox", "--compare")
    assert (code, "lacks 1 submission of" in output, len(federation.stored)) == (0, True, 1)


def test_unknown_state_is_refused_with_those_that_there_are(agency, federation):
    code, output = agency("findings", "--state", "open,closed")
    assert (code, "Unknown state `closed`. Expected: open, answered, resolved." in output) == (2, True)
    assert agency("findings", "--state", "answered,resolved")[0] == 0


def test_help_says_each_command_in_a_whole_sentence(run):
    listed = run("--help")[1].partition("Commands:\n")[2].splitlines()
    assert len(listed) == len(main.commands)
    assert [line for line in listed if not line.endswith(".") or line.endswith("...")] == []


def commands(group, name="p2p-agency"):
    for word, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {word}")
        else:
            yield f"{name} {word}"


def test_each_command_and_exit_code_is_documented():
    text = (ROOT / "docs/reference/p2p-agency.md").read_text()
    listed = re.findall(r"^\| `(p2p-agency(?: [a-z]+)+)", text, re.MULTILINE)
    assert sorted(listed) == sorted(commands(main))
    codes = {kind.exit_code for kind in (AgencyError, *AgencyError.__subclasses__()) if isinstance(kind.exit_code, int)}
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    assert documented == {0, click.UsageError.exit_code, 130} | codes
