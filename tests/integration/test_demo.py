"""`make demo`: ready, marked as invented, and a report sent by its commands is public at once."""

import html
import json
import re
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from operator import eq

import pytest

from tests.integration import documents
from tests.integration.processes import ROOT, alive, descendants, environment, eventually, line_of

pytestmark = pytest.mark.verify

_WORDS = """
import json
from federation.models.effects import Estimate
rows = Estimate.objects.filter(version_to=None).values_list("intervention__countries", "word")
print(json.dumps({country: word for (country,), word in rows}))
"""


@pytest.fixture
def demo(launch, free_port, tmp_path):
    def run():
        process = launch("make", "--no-print-directory", "demo", data=tmp_path, PORT=str(free_port))
        lines = []
        while not lines or not lines[-1].startswith("Live minutes continue"):
            lines.append(line_of(process))
            assert process.poll() is None, "\n".join(lines)
        return process, "\n".join(lines)

    return run


def fetch(url, *, data=None, **headers):
    request = urllib.request.Request(url, data, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def test_demo_is_ready_shows_a_sent_report_sends_nothing_twice_and_is_gone_when_killed(
    demo, launch, free_port, tmp_path
):
    make, said = demo()
    url = f"http://localhost:{free_port}"
    everything = descendants(make)

    agencies = fetch(f"{url}/api/v1/agencies/")["agencies"]
    assert len(agencies) == 14
    assert all(agency["invented"] and "(invented)" in agency["name"] for agency in agencies)

    has_a_country_of_each_step(url)
    waits_for_the_late_agency_and_not_for_the_silent_one(url)
    lists_its_corrections_and_not_its_loading(url)
    knows_that_one_intervention_works_and_one_does_not(tmp_path)
    send_as_told(said, url)
    answers_the_examples_of_the_documentation(data=tmp_path, port=free_port)
    counts_a_real_swarm(sign_in_as_told(said, url), url)

    again = launch(sys.executable, "manage.py", "demo", url, "--once", data=tmp_path)
    said, _ = again.communicate(timeout=120)
    assert again.returncode == 0, said
    assert int(re.search(r"Sending their history.*?(\d+) of", said)[1]) < 1000

    make.send_signal(signal.SIGKILL)
    assert eventually(lambda: not alive(everything)), alive(everything)


def has_a_country_of_each_step(url):
    live = fetch(f"{url}/api/v1/aggregates/live/?indicator=DOWNLOADS&country=*")
    finest = {code: one["published"][0] for one in live["withheld"] for code in one["countries"]}
    steps = {code: finest.get(code, "N") for code in ("DE", "NO", "IS", "LI", "SM")}
    assert steps == {"DE": "N", "NO": "H", "IS": "D", "LI": "W", "SM": "M"}
    assert "EUROPE" not in finest


def knows_that_one_intervention_works_and_one_does_not(data):
    """The numbers of the first two have ended. Of the third, at least a week has. The last has not started."""
    command = (sys.executable, "manage.py", "shell", "--no-imports", "-c", _WORDS)
    done = subprocess.run(command, cwd=ROOT, env=environment(data), capture_output=True, text=True, check=True)
    words = json.loads(done.stdout)
    assert words.items() >= {"BE": "found", "AT": "not_found", "HU": "running"}.items()
    assert "GR" not in words


def waits_for_the_late_agency_and_not_for_the_silent_one(url):
    def awaited_and_late():
        now = datetime.now(UTC)
        yesterday = (now - timedelta(days=1)).date()
        address = f"{url}/api/v1/coverage/?indicator=DOWNLOADS&frequency=D&start={yesterday}&end={yesterday}"
        (day,) = fetch(address)["coverage"]
        found = [row["agency"] for row in day["agencies"] if row.get("awaited")]
        assert (day["agencies_awaited"], day["status"]) == (len(found), "O")
        # Finland's deadline for the last hour of a day is at 00:20, and it sends this hour later.
        return set(found), {"IT-DEMO", "FI-DEMO"} if f"{now:%H:%M}" < "00:20" else {"IT-DEMO"}

    assert eventually(lambda: eq(*awaited_and_late())), awaited_and_late()
    _, late = awaited_and_late()
    for path in ("/", "/coverage/", "/countries/li/"):
        with urllib.request.urlopen(f"{url}{path}", timeout=60) as answer:
            page = " ".join(re.sub(r"<[^>]+>", " ", answer.read().decode()).split())
        silent = r"Ireland demo unit \(invented\) has been silent since [^.]+\. "
        assert re.search(rf"{silent}Numbers are published without waiting for it\.", page)
        assert f"not public yet: waiting for {len(late)} of 11 agencies, until" in page


def lists_its_corrections_and_not_its_loading(url):
    address = f"{url}/api/v1/corrections/?indicator=DOWNLOADS&frequency=D&country=EUROPE&limit=1000"
    week = f"{datetime.now(UTC) - timedelta(days=7):%Y-%m-%d}"
    found = [one for one in fetch(address)["corrections"] if one["period"] < week]
    assert found
    assert [one for one in found if one["agencies_reporting_before"] != one["agencies_reporting_after"]] == []


def answers_the_examples_of_the_documentation(**stack):
    credential, example = documents.blocks("README.md")[1].split("CLIENT=…")
    (issued,) = documents.follow(credential, **stack)
    example = documents.give(issued, f"CLIENT=…{example}").replace("# 4.", "sleep 2 # 4.")
    receipt, hour = documents.follow(example, **stack)
    assert sum(receipt["outcomes"].values()) == 1
    assert [cell["value"] >= 250 for cell in hour["observations"]] == [True]
    for example in documents.blocks("docs/reference/api.md"):
        (answer,) = documents.follow(example.replace("curl", "curl -s"), **stack)
        assert {"observations", "corrections", "effects"} & answer.keys()


def sign_in_as_told(said, url):
    """The accounts that are printed need no authenticator app."""
    for name, door, place, words in (
        ("demo", "/admin/login/", "/admin/", "The coordinators' desk"),
        ("analyst", "/agency/sign-in/", "/agency/", "(NO-DEMO)"),
        ("swarm", "/agency/sign-in/", "/agency/", "(PT-DEMO)"),
    ):
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with browser.open(f"{url}{door}", timeout=60) as page:
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode())[1]
        password = re.search(rf"user {name}, password (\S+)", said)[1]
        form = {"username": name, "password": password, "csrfmiddlewaretoken": token, "next": place}
        with browser.open(f"{url}{door}", urllib.parse.urlencode(form).encode(), timeout=60) as page:
            assert (page.url, words in html.unescape(page.read().decode())) == (f"{url}{place}", True)
    return browser


def counts_a_real_swarm(browser, url):
    """The collector sends minutes of a real swarm, and its agency sees the counts on its board."""

    def counted():
        with browser.open(f"{url}/agency/", timeout=60) as page:
            return sum(map(int, re.findall(r'<td class="figure">(\d+)</td>', page.read().decode())))

    assert eventually(lambda: counted() >= 5, within=180)


def send_as_told(said, url):
    """What the printed curl commands do, without curl, which a machine need not have."""
    pair = re.search(r"curl -s -u '([^']+)'", said)[1]
    token = fetch(
        f"{url}/oauth/token/",
        data=b"grant_type=client_credentials",
        Authorization=f"Basic {b64encode(pair.encode()).decode()}",
    )["access_token"]
    body = re.search(r"-d '\s*(\{.*?\})'", said, re.DOTALL)[1]
    address = re.search(r"curl -s '(\S+country=NO)'", said)[1]
    bearer = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    receipt = fetch(f"{url}/api/v1/submissions/", data=body.encode(), **bearer)
    assert receipt["outcomes"]["current"] == 1

    def shown():
        return any(cell["value"] >= 250 for cell in fetch(address)["observations"])

    assert eventually(shown)
