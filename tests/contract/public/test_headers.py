"""The security headers and the cache policy of every kind of answer, on every route."""

import pytest
from django.test import Client

from api.health import AliveView
from api.site.views import TextPage
from tests.contract.callers import hour, norway, report
from tests.contract.public.addresses import PUBLIC, agency_pages, others

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
NOTHING = "default-src 'none'; frame-ancestors 'none'"


@pytest.fixture
def kripos(db):
    """New for each test, because some of them end the connection."""
    return norway()


def careful(answer):
    """Whether an answer has all that every answer must have."""
    assert {name: answer[name] for name in ALWAYS} == ALWAYS
    assert "geolocation=()" in answer["Permissions-Policy"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "Server" not in answer
    assert "X-Powered-By" not in answer
    is_public = answer["Cache-Control"].startswith(("public", "max-age=60, public", "max-age=315360000, public"))
    assert answer["Cross-Origin-Resource-Policy"] == ("cross-origin" if is_public else "same-origin")
    assert is_public or "no-store" in answer["Cache-Control"]
    return is_public


def refused(answer, status):
    """Whether it is an error of that status, which nobody keeps."""
    assert answer.status_code == status
    assert not careful(answer)
    return True


@pytest.fixture
def quiet():
    """A client that gets a 500 as anybody else does."""
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("address", [address for addresses in PUBLIC.values() for address in addresses])
def test_public_answer_is_kept_and_shown_anywhere_and_runs_nothing_foreign(press, client, address):
    answer = client.get(address)
    careful(answer)
    if answer.status_code == 200:
        assert answer["Cache-Control"].startswith("public")
        assert not answer.cookies
    if address.startswith(("/api/v1/", "/sdmx/", "/catalog")):
        assert answer["Content-Security-Policy"] == NOTHING
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert refused(client.get(address, headers={"Host": "elsewhere.example"}), 400)
    assert careful(client.get(address, headers={"If-None-Match": answer.get("ETag", "")})) == careful(answer)


def test_every_other_route_is_never_cached(db, client):
    for name, address in [*others(), *agency_pages()]:
        assert not careful(client.get(address)), name


def test_answer_to_a_known_caller_is_never_cached(kripos):
    sent = kripos.send(report(("NO", "ARES", 3)))
    assert not careful(sent)
    figures = {"indicator": "DOWNLOADS", "frequency": "H", "start": hour(), "end": hour()}
    for path, asked in (("submissions", {}), ("findings", {}), ("figures", figures)):
        answer = kripos.get(f"/api/v1/{path}/", **asked)
        assert answer.status_code == 200
        assert not careful(answer)
        assert answer["Content-Security-Policy"] == NOTHING


def test_desk_and_its_redirects_are_never_cached(db, client, django_user_model, settings):
    assert refused(client.get("/admin/nowhere/"), 302)
    login = client.get("/admin/login/")
    assert not careful(login)
    assert {cookie["samesite"] for cookie in login.cookies.values()} == {"Lax"}
    assert all(cookie["httponly"] for cookie in login.cookies.values())
    client.force_login(django_user_model.objects.create_superuser("ada"))
    settings.SESSION_SAVE_EVERY_REQUEST = True
    desk = client.get("/admin/")
    assert not careful(desk)
    session = desk.cookies["sessionid"]
    assert (session["httponly"], session["samesite"]) == (True, "Lax")


def test_file_is_careful_too(db, client):
    answer = client.get("/static/site/site.css")
    assert b"".join(answer)
    answer.close()
    assert answer.status_code == 200
    assert careful(answer)
    assert refused(client.get("/static/site/nothing.css"), 404)


@pytest.mark.parametrize("address", ["/nowhere/", "/api/v1/nowhere/", "/countries/xx/"])
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_missing_address_is_never_cached(db, client, address, accept):
    assert refused(client.get(address, headers={"accept": accept}), 404)


def test_refusals_are_never_cached(db, client, kripos):
    assert refused(client.get("/api/v1/aggregates/"), 400)
    assert refused(client.get("/api/v1/submissions/"), 401)
    assert refused(client.post("/oauth/token/"), 400)
    assert refused(client.post("/api/v1/aggregates/"), 405)
    assert refused(client.delete("/"), 405)
    assert refused(client.get("/api/v1/countries/", headers={"accept": "image/png"}), 406)
    assert refused(kripos.post(b"x", media="image/png"), 415)
    assert refused(client.post("/admin/login/", {"username": "x" * 2_700_000}), 413)
    assert refused(client.get("/", headers={"host": "elsewhere.example"}), 400)


@pytest.mark.parametrize(("address", "view"), [("/about/", TextPage), ("/healthz", AliveView)])
def test_internal_error_is_never_cached(db, quiet, monkeypatch, address, view):
    def break_down(*_):
        raise RuntimeError

    monkeypatch.setattr(view, "get", break_down)
    assert refused(quiet.get(address, headers={"accept": "text/html, */*"}), 500)


def test_redirect_to_tls_is_careful_and_cookies_travel_by_tls_only(db, settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 1000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    settings.CSRF_COOKIE_SECURE = True
    assert refused(Client().get("/admin/login/"), 301)
    answer = Client().get("/admin/login/", secure=True)
    assert answer["Strict-Transport-Security"] == "max-age=1000; includeSubDomains"
    assert all(cookie["secure"] for cookie in answer.cookies.values())
