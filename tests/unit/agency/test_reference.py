"""What an agency knows of its federation while it is offline, and when that is read again."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from p2p_agency import reference
from p2p_agency.errors import AwayError, SetUpError
from tests.unit.agency.conftest import know

TODAY = datetime.now(UTC).date()


def setup(days, zone, *, local_days=False):
    return {"valid_from": str(TODAY + timedelta(days=days)), "time_zone": zone, "local_days": local_days}


def agencies(federation, **setups):
    listed = [{"code": code.replace("_", "-"), "setups": found} for code, found in setups.items()]
    federation.public["/api/v1/agencies/"] = {"agencies": listed}


def test_newest_set_up_in_force_of_this_agency_counts(federation, given, client):
    ours = [setup(-9, "Europe/Lisbon"), setup(0, "Europe/Oslo", local_days=True), setup(1, "Europe/Tallinn")]
    agencies(federation, NO_KRIPOS=ours, SE_NOA=[setup(-1, "Europe/Stockholm")])
    known = reference.refresh(given, client)
    assert known == reference.load(given)
    assert (known.clock.zone, known.clock.local_days) == (ZoneInfo("Europe/Oslo"), True)
    assert known.indicators["HELP_VISITS"] == "Visits to help"
    assert str(known) == (
        "Workbooks are read in the time of Europe/Oslo: your public set-up says so, and allows days and months of "
        f"Europe/Oslo (read on {TODAY})."
    )


def test_without_a_set_up_workbooks_are_in_utc_and_the_reason_is_said(federation, given, client):
    agencies(federation, NO_KRIPOS=[setup(1, "Europe/Oslo")], NO_KRIPOS_2=[setup(-1, "Europe/Oslo")])
    known = reference.refresh(given, client)
    assert (known.clock.zone, known.clock.local_days) == (UTC, False)
    assert "had no set-up of your agency, so workbooks are read in UTC" in str(known)


def test_it_is_read_each_time_and_what_was_read_last_is_used_if_the_federation_is_away(federation, given, client):
    agencies(federation, NO_KRIPOS=[setup(0, "Europe/Lisbon")])
    reference.refresh_if_possible(given, client)
    agencies(federation, NO_KRIPOS=[setup(0, "Europe/Oslo")])
    public = federation.public.pop("/api/v1/indicators/")
    federation.answers.append((503, {}, b"{}"))
    reference.refresh_if_possible(given, client)
    assert reference.load(given).time_zone == "Europe/Lisbon"
    federation.public["/api/v1/indicators/"] = public
    reference.refresh_if_possible(given, client)
    assert (reference.load(given).read_on, reference.load(given).time_zone) == (TODAY, "Europe/Oslo")


def test_answer_of_another_program_changes_nothing(federation, given, client):
    federation.public["/api/v1/agencies/"] = {"detail": "Welcome to the wireless network."}
    with pytest.raises(AwayError, match="not what this program expects"):
        reference.refresh(given, client)
    assert reference.load(given).read_on.year == 2020


@pytest.mark.parametrize("content", [None, b"", b"\xff", json.dumps({"read_on": "yesterday"}).encode()])
def test_missing_or_broken_file_says_what_to_do(given, content):
    file = given.path.with_name("reference.json")
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SetUpError, match="Run: p2p-agency status"):
        reference.load(given)


def test_time_zone_that_this_machine_does_not_know_is_said(given, tmp_path):
    for zone in ("Europe/Atlantis", "../etc", "Europe"):
        know(tmp_path, time_zone=zone)
        with pytest.raises(SetUpError, match="does not know the time zone"):
            assert reference.load(given).clock
