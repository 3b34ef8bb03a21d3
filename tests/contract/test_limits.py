"""Limits on requests: which are counted together, the headers that say so, and who may see these headers."""

import base64
import re
from ipaddress import ip_network
from pathlib import Path

import pytest
from django.db import OperationalError
from django.test import Client

from api import auth
from api.throttling import rates
from api.v1.tokens import TokenView
from countries.accounts import credentials
from countries.models import Credential
from federation.models.submissions import Submission
from tests.contract.callers import BEGAN, Caller, report

pytestmark = pytest.mark.django_db
SUBMISSIONS = "/api/v1/submissions/"
CELL = ("NO", "ARES", 3)


def throttled(answer, policy):
    assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Cache-Control"] == "no-store"
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert re.fullmatch(rf'"{policy}";q=\d+;w=60', answer["RateLimit-Policy"])
    assert re.fullmatch(rf'"{policy}";r=0;t=\d+', answer["RateLimit"])
    return True


def another_credential(caller):
    other = Caller.__new__(Caller)
    other.client = caller.client
    other.issued = credentials.issue(by="a test", now=BEGAN, agency=caller.issued.credential.agency)
    other.token = other.ask_token().json()["access_token"]
    return other


def test_submissions_of_a_credential(kripos, limit):
    limit(rates.SUBMISSIONS_PER_CREDENTIAL, 2)
    assert [kripos.send(report(CELL, ago=ago)).status_code for ago in (2, 3)] == [202, 202]
    throttled(kripos.send(report(CELL, ago=4)), "submissions-per-credential")
    assert Submission.objects.count() == 2
    assert kripos.get(SUBMISSIONS).status_code == 200
    assert another_credential(kripos).send(report(CELL, ago=5)).status_code == 202


def test_what_a_credential_is_refused_is_not_taken_from_its_agency(kripos, limit):
    limit(rates.READS_PER_CREDENTIAL, 1)
    limit(rates.READS_PER_AGENCY, 3)
    assert [kripos.get(SUBMISSIONS).status_code for _ in range(5)] == [200, 429, 429, 429, 429]
    assert another_credential(kripos).get(SUBMISSIONS).status_code == 200


def test_submissions_of_an_agency_are_those_of_all_its_credentials(kripos, bka, limit):
    limit(rates.SUBMISSIONS_PER_AGENCY, 2)
    other = another_credential(kripos)
    assert kripos.send(report(CELL)).status_code == 202
    assert other.send(report(CELL, ago=3), query="?dry_run=true").status_code == 200
    throttled(kripos.send(report(CELL, ago=4)), "submissions-per-agency")
    throttled(other.send(report(CELL, ago=4)), "submissions-per-agency")
    assert bka.send(report(CELL)).status_code == 202


def test_other_requests_of_agencies_and_coordinators(kripos, coordinator, limit):
    limit(rates.READS_PER_CREDENTIAL, 2)
    for caller, path in ((kripos, SUBMISSIONS), (coordinator, "/api/v1/figures/")):
        assert all(caller.get(path).status_code != 429 for _ in range(2))
        throttled(caller.get(path), "reads-per-credential")
    assert kripos.send(report(CELL)).status_code == 202
    limit(rates.READS_PER_CREDENTIAL, 100)
    limit(rates.READS_PER_AGENCY, 1)
    throttled([kripos.get("/api/v1/findings/") for _ in range(2)][1], "reads-per-agency")


def test_agency_reads_the_state_of_its_limits(kripos, limit):
    limit(rates.SUBMISSIONS_PER_CREDENTIAL, 10)
    limit(rates.SUBMISSIONS_PER_AGENCY, 20)
    answer = kripos.send(report(CELL))
    policy = '"submissions-per-credential";q=10;w=60, "submissions-per-agency";q=20;w=60'
    assert answer["RateLimit-Policy"] == policy
    assert re.fullmatch(
        r'"submissions-per-credential";r=9;t=\d+, "submissions-per-agency";r=19;t=\d+', answer["RateLimit"]
    )
    refused = kripos.send({})
    assert refused.status_code == 422
    assert '"submissions-per-credential";r=8' in refused["RateLimit"]


def test_who_may_not_ask_at_all_is_not_counted(kripos, limit):
    limit(rates.SUBMISSIONS_PER_CREDENTIAL, 1)
    kripos.use_scope("submissions:read")
    assert [kripos.send(report(CELL)).json()["code"] for _ in range(3)] == ["insufficient_scope"] * 3


@pytest.fixture
def reader(db):
    return Client()


PUBLIC = ("/api/v1/networks/", "/sdmx/3.0/structure", "/api/v1/audit/head/")


def test_public_reads_of_an_address(reader, limit):
    limit(rates.PUBLIC_PER_ADDRESS, 3)
    assert [reader.get(path).status_code for path in PUBLIC] == [200, 200, 200]
    refused = reader.get(PUBLIC[0])
    throttled(refused, "public-per-address")
    assert refused["Access-Control-Allow-Origin"] == "*"
    throttled(reader.get("/api/docs/"), "public-per-address")
    throttled(reader.get(SUBMISSIONS), "public-per-address")
    throttled(reader.get(PUBLIC[0], headers={"Authorization": "Bearer x"}), "public-per-address")
    assert reader.get(PUBLIC[0], REMOTE_ADDR="198.51.100.7").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/static/nothing.svg", "/admin/login/", "/metrics"])
def test_what_is_not_counted(reader, limit, path):
    limit(rates.PUBLIC_PER_ADDRESS, 1)
    assert 429 not in {reader.get(path).status_code for _ in range(3)}


def test_agencies_do_not_count_as_public(kripos, limit):
    limit(rates.PUBLIC_PER_ADDRESS, 1)
    assert [kripos.get(SUBMISSIONS).status_code for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize("path", PUBLIC)
def test_answers_that_caches_share_say_nothing_of_who_asked(reader, path):
    whole = reader.get(path)
    again = reader.get(path)
    unchanged = reader.get(path, headers={"If-None-Match": whole["ETag"]})
    assert (whole.status_code, again.status_code, unchanged.status_code) == (200, 200, 304)
    for answer in (whole, again, unchanged):
        assert "public" in answer["Cache-Control"]
        assert not {"RateLimit", "RateLimit-Policy", "Retry-After"} & set(answer.headers)
        assert "RateLimit" not in answer["Access-Control-Expose-Headers"]


def test_forwarded_address_is_counted_only_if_a_trusted_proxy_says_it(settings, limit):
    limit(rates.PUBLIC_PER_ADDRESS, 1)

    def ask(client, number):
        said = {"X-Forwarded-For": f"198.51.100.{number}"}
        return client.get(PUBLIC[0], headers=said, REMOTE_ADDR="192.0.2.1").status_code

    assert [ask(Client(), number) for number in (1, 2)] == [200, 429]
    settings.TRUSTED_PROXIES = [ip_network("192.0.2.0/24")]
    assert [ask(Client(), number) for number in (1, 2, 2)] == [200, 200, 429]


# --- tokens


def ask_token(client, name, secret, /, *, address="198.51.100.7", **form):
    pair = base64.b64encode(f"{name}:{secret}".encode()).decode()
    return client.post(
        "/oauth/token/",
        {"grant_type": "client_credentials", **form},
        headers={"Authorization": f"Basic {pair}"},
        REMOTE_ADDR=address,
    )


def test_guesses_from_one_network(limit):
    limit(rates.FAILURES_PER_ADDRESS, 3)
    guesses = [ask_token(Client(), "a", "x", address=f"2001:db8::{n}").status_code for n in range(4)]
    assert guesses == [401, 401, 401, 429]


def test_guesses_from_one_address(kripos, limit):
    limit(rates.FAILURES_PER_ADDRESS, 3)
    guesses = [ask_token(Client(), f"somebody-{n}", "x").status_code for n in range(4)]
    assert guesses == [401, 401, 401, 429]
    right = (kripos.issued.client_id, kripos.issued.client_secret)
    throttled(ask_token(Client(), *right), "token-failures-per-address")
    assert ask_token(Client(), *right, address="198.51.100.8").status_code == 200


def test_guesses_that_are_not_checked_do_not_count_for_the_address(limit):
    limit(rates.FAILURES_PER_CREDENTIAL, 1)
    limit(rates.FAILURES_PER_ADDRESS, 3)
    assert [ask_token(Client(), "one", "x").status_code for _ in range(4)] == [401, 429, 429, 429]
    assert ask_token(Client(), "two", "x").status_code == 401


@pytest.mark.parametrize("spell", [str, lambda name: name.replace("N", "%4E"), lambda name: name.replace("-", "%2D")])
def test_guesses_at_one_credential_from_everywhere(kripos, limit, spell):
    limit(rates.FAILURES_PER_CREDENTIAL, 3)
    name = spell(kripos.issued.client_id)
    guesses = [ask_token(Client(), name, "x", address=f"198.51.100.{n}").status_code for n in range(4)]
    assert guesses == [401, 401, 401, 429]
    assert kripos.ask_token().status_code == 429


def test_guesses_by_the_form_behind_a_header_that_says_otherwise(kripos, limit):
    limit(rates.FAILURES_PER_CREDENTIAL, 3)
    form = {"client_id": kripos.issued.client_id, "client_secret": "x"}
    guesses = [ask_token(Client(), f"nobody-{n}", "x", address=f"198.51.100.{n}", **form).status_code for n in range(4)]
    assert guesses == [401, 401, 401, 429]


def test_right_secret_is_no_guess(kripos, limit):
    limit(rates.FAILURES_PER_ADDRESS, 2)
    limit(rates.FAILURES_PER_CREDENTIAL, 2)
    assert {kripos.ask_token().status_code for _ in range(6)} == {200}
    assert kripos.ask_token(scope="figures:read").status_code == 400
    assert kripos.ask_token().status_code == 200


def test_asking_while_the_database_is_away_is_no_guess(kripos, limit, monkeypatch):
    limit(rates.FAILURES_PER_ADDRESS, 2)
    limit(rates.FAILURES_PER_CREDENTIAL, 2)

    def away(*arguments, **more):
        raise OperationalError

    kripos.client.raise_request_exception = False
    with monkeypatch.context() as patch:
        patch.setattr(TokenView, "authorization_flow_token_response", away)
        assert {kripos.ask_token().status_code for _ in range(6)} == {503}
    assert kripos.ask_token().status_code == 200


def test_tokens_of_a_credential_and_of_an_address(kripos, bka, limit):
    limit(rates.TOKENS_PER_CREDENTIAL, 3)
    answers = [kripos.ask_token() for _ in range(4)]
    assert [answer.status_code for answer in answers[:3]] == [200, 200, 200]
    throttled(answers[3], "tokens-per-credential")
    assert bka.ask_token().status_code == 200
    pair = (kripos.issued.client_id, kripos.issued.client_secret)
    assert ask_token(Client(), *pair).status_code == 200
    limit(rates.TOKENS_PER_ADDRESS, 1)
    throttled([bka.ask_token() for _ in range(2)][1], "tokens-per-address")


# --- tokens that are worth nothing


def use(token, *, address="198.51.100.7", path=SUBMISSIONS, method="GET"):
    return Client().generic(method, path, headers={"Authorization": f"Bearer {token}"}, REMOTE_ADDR=address)


def statuses(tokens, **more):
    return [use(token, **more).status_code for token in tokens]


@pytest.mark.parametrize("path", [SUBMISSIONS, "/api/v1/findings/", "/api/v1/figures/"])
def test_wrong_tokens_of_an_address(limit, path, django_assert_num_queries):
    limit(rates.WRONG_TOKENS_PER_ADDRESS, 3)
    assert statuses(["wrong-1", "", "\xe9" * 60], path=path) == [401, 401, 401]
    with django_assert_num_queries(0):
        throttled(use("wrong-2", path=path), "wrong-tokens-per-address")
        throttled(use("", path=path, method="POST"), "wrong-tokens-per-address")
    assert statuses(["wrong-2"], address="198.51.100.8") == [401]
    assert use("wrong-2", path=PUBLIC[0]).status_code == 200


def test_wrong_tokens_of_one_network(limit):
    limit(rates.WRONG_TOKENS_PER_ADDRESS, 3)
    assert [use("wrong", address=f"2001:db8::{n}").status_code for n in range(4)] == [401, 401, 401, 429]


def test_valid_token_passes_even_if_its_address_sends_wrong_ones(kripos, bka, limit):
    limit(rates.WRONG_TOKENS_PER_ADDRESS, 2)
    credentials.revoke(credential=bka.issued.credential, by="a test", now=BEGAN)
    assert statuses(["wrong"] * 3) == [401, 401, 429]
    assert statuses([bka.token] * 3) == [401, 401, 429]
    assert statuses([kripos.token] * 4) == [200] * 4
    fresh = ask_token(Client(), kripos.issued.client_id, kripos.issued.client_secret).json()["access_token"]
    assert statuses([fresh]) == [200]


def test_ended_token_is_counted_for_itself(kripos, limit):
    limit(rates.WRONG_TOKENS_PER_ADDRESS, 2)
    ended = [kripos.token, kripos.use_scope("submissions:read").token]
    credentials.revoke(credential=kripos.issued.credential, by="a test", now=BEGAN)
    for token in ended:
        assert statuses([token] * 2) == [401, 401]
        throttled(use(token), "wrong-tokens-per-address")
    assert statuses(["wrong"]) == [401]


def test_nobody_uses_up_a_token_from_elsewhere(kripos, limit):
    limit(rates.WRONG_TOKENS_PER_ADDRESS, 2)
    Credential.objects.update(networks=["198.51.100.7/32"])
    assert statuses([kripos.token] * 3, address="198.51.100.8") == [403, 403, 429]
    assert statuses([kripos.token]) == [200]


@pytest.mark.parametrize("spoil", [lambda token: token[:-1] + "?", lambda token: "?" + token[1:]])
def test_nobody_makes_a_token_of_ours(kripos, limit, spoil):
    limit(rates.WRONG_TOKENS_PER_ADDRESS, 1)
    assert statuses(["wrong", spoil(kripos.token)]) == [401, 429]


def test_token_from_before_the_mark_is_taken(kripos, limit, settings):
    limit(rates.WRONG_TOKENS_PER_ADDRESS, 1)
    settings.SECRET_KEY = "another"
    assert statuses([kripos.token] * 2) == [200, 200]


def test_tokens_that_nobody_could_look_up_are_not_counted(kripos, limit, monkeypatch):
    limit(rates.WRONG_TOKENS_PER_ADDRESS, 1)

    def away(*arguments):
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(auth, "_look_up", away)
        assert statuses([kripos.token] * 3) == [503] * 3
    assert statuses([kripos.token]) == [200]


def test_header_that_names_no_token_counts_as_public(limit):
    limit(rates.PUBLIC_PER_ADDRESS, 2)
    answers = [Client().get(SUBMISSIONS, headers={"Authorization": "Basic YTpi"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]


def test_limits_of_the_page_are_the_defaults(settings):
    page = (Path(__file__).parents[2] / "docs/reference/settings.md").read_text()
    documented = re.findall(r"^\| `(RATE_\w+)` \| `(\d+)` \|", page, re.MULTILINE)
    assert {name: int(value) for name, value in documented} == settings.RATES
