"""The examples of the data page run unchanged against the real stack."""

import html
import re
import shutil
import subprocess
import sys
import urllib.request

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.verify, pytest.mark.xdist_group("stack")]


@pytest.fixture(scope="module")
def examples(federation) -> list[str]:
    with urllib.request.urlopen(f"{federation.url}/data/", timeout=60) as answer:
        page = answer.read().decode()
    return [html.unescape(code) for code in re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page, re.DOTALL)]


def program(name: str) -> str:
    return shutil.which(name) or pytest.skip(f"no {name} here")


def printed(*command: str, cwd=None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_curl(examples):
    program("curl")
    now, as_of = (one for one in examples if one.startswith("curl"))
    assert ",NO," in printed("sh", "-c", f"{now} --silent --fail")
    # Nothing was published yet when this day began.
    assert "OBS_VALUE" in printed("sh", "-c", f"{as_of} --silent --fail")


def test_python_with_pandas(examples):
    (example,) = (one for one in examples if "import pandas" in one)
    said = printed(sys.executable, "-c", example)
    assert re.search(r"COUNTRY .*NO", said)


def test_python_with_sdmx(examples, tmp_path):
    (example,) = (one for one in examples if "import sdmx" in one)
    said = printed(sys.executable, "-c", f"{example}\nprint(data)", cwd=tmp_path)
    assert re.search(r"COUNTRY .*NO", said)
    assert re.search(r"^\d{4}-\d\d-\d\d .*\d", said, re.MULTILINE)
    assert (tmp_path / "downloads.png").read_bytes().startswith(b"\x89PNG")


def test_r(examples):
    (example,) = (one for one in examples if "<-" in one)
    assert "OBS_VALUE" in printed(program("Rscript"), "-e", example)
    namibia = f"{example.replace('NO,SE,DK', 'NA,NO')}\nprint(unique(data$COUNTRY))"
    assert '"NA" "NO"' in printed(program("Rscript"), "-e", namibia)


def test_spreadsheets_are_given_an_address_of_a_table(examples):
    addresses = [re.search(r'https?://[^"]+', one)[0] for one in examples if re.match(r"http|=IMPORTDATA", one)]
    assert len(addresses) == 2
    for address in addresses:
        with urllib.request.urlopen(address, timeout=60) as answer:
            assert answer.headers["Content-Type"].startswith("text/csv")
            assert b"OBS_VALUE" in answer.readline()


def test_frames_lead_to_pages_that_may_be_framed(examples):
    (example,) = (one for one in examples if "<iframe" in one)
    for address in re.findall(r'src="([^"]+)"', example):
        with urllib.request.urlopen(address, timeout=60) as answer:
            assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]
