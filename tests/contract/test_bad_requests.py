"""Bad inputs, sent as bytes to a real web server: each has its answer, and none is stored."""

from pathlib import Path

import pytest

from tests.contract.bad_requests import CASES, SLOW, table
from tests.contract.raw_requests import MARK, get
from tests.contract.server import read, serving
from tests.integration.processes import PLENTY

PAGE = Path(__file__).parents[2] / "docs/reference/bad-inputs.md"
WELL = get()
#: waitress quotes the line that it cannot read to its sender. nginx refuses it first.
QUOTED = {"a lone CR in a value", "a lone LF in a value"}


@pytest.fixture
def server(tmp_path, django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), serving(tmp_path, **PLENTY) as running:
        yield running


def shown(answers):
    return ", ".join(map(str, answers)) or "closed"


def fits(answers, expected):
    """Whether the answers are the expected ones; a page that is not found has no code."""
    return shown(answers) == expected or (expected == "404" and [one.status for one in answers] == [404])


@pytest.mark.verify
@pytest.mark.django_db
def test_each_bad_input_has_its_answer_and_is_not_stored(server, subtests):
    before = server.stored()
    slow = [(case, server.connect()) for case in SLOW]
    for case, sock in slow:
        sock.sendall(case.sent(server.token))
    idle = [server.connect() for _ in range(200)]
    for case in CASES:
        with subtests.test(f"{case.group}: {case.what}"):
            answers = server.ask(case.sent(server.token), case.answers, ends=case.ends)
            assert fits(answers, case.answer), shown(answers)
            comes_back = MARK.encode() in b"".join(one.head + one.body for one in answers)
            assert comes_back == (case.what in QUOTED)
            assert shown(server.ask(WELL)) == "200"
    for case, sock in slow:
        with subtests.test(f"{case.group}: {case.what}"):
            assert fits(read(sock), case.answer)
            sock.close()
    for sock in idle:
        sock.close()
    assert server.stored() == before
    assert MARK not in server.log.read_text()
    # Agencies' requests leave a line each, and nothing else does.
    said = server.log.read_text().splitlines()
    assert [line for line in said if " INFO    api.requests: request answered method=" not in line] == []


def test_page_lists_the_cases():
    head, _, listed = PAGE.read_text().partition("\n## ")
    assert f"## {listed}" == table(), "python -m tests.contract.bad_requests writes what belongs there"
    assert f"{len(CASES) + len(SLOW)} bad inputs" in head
