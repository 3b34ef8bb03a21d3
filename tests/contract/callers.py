"""Agencies and coordinators that send over HTTP with real tokens, and the periods that they may report."""

import base64
import gzip
import json
from datetime import UTC, datetime, timedelta

from django.test import Client

from countries.accounts import credentials
from p2p_core import periods
from tests.factories import AgencyFactory, IndicatorFactory, observer

COLUMNS = "INDICATOR,FREQ,TIME_PERIOD,COUNTRY,NETWORK,OBS_VALUE"


class Caller:
    """The holder of a credential, who gets a token and uses it."""

    def __init__(self, client=None, **holder):
        self.client = client or Client()
        if "coordinator" in holder:
            observer(holder["coordinator"])
        self.issued = credentials.issue(by="a test", now=datetime.now(UTC), **holder)
        self.token = self.ask_token().json()["access_token"]

    def ask_token(self, **fields):
        pair = f"{self.issued.client_id}:{self.issued.client_secret}".encode()
        return self.client.post(
            "/oauth/token/",
            {"grant_type": "client_credentials", **fields},
            headers={"Authorization": "Basic " + base64.b64encode(pair).decode()},
        )

    def use_scope(self, scope):
        self.token = self.ask_token(scope=scope).json()["access_token"]
        return self

    def get(self, path, **query):
        return self.client.get(path, query, headers={"Authorization": f"Bearer {self.token}"})

    def post(self, body, *, query="", media="application/json", environment=None, **headers):
        return self.client.generic(
            "POST",
            f"/api/v1/submissions/{query}",
            body,
            content_type=media,
            # Also among the headers, because the test client drops it if the body is empty.
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": media, **headers},
            **(environment or {}),
        )

    def send(self, *reports, query="", key=None, **envelope):
        body = json.dumps({"indicator": "DOWNLOADS", "reports": list(reports), **envelope})
        return self.post(body, query=query, **({"Idempotency-Key": key} if key else {}))

    def send_csv(self, *rows, columns=COLUMNS, query=""):
        return self.post("\n".join([columns, *rows]), media="text/csv", query=query)

    def send_packed(self, *reports, times=1):
        body = json.dumps({"indicator": "DOWNLOADS", "reports": list(reports)}).encode()
        for _ in range(times):
            body = gzip.compress(body)
        return self.post(body, **{"Content-Encoding": "gzip"})


def norway():
    IndicatorFactory.create()
    return Caller(agency=AgencyFactory.create(code="NO-KRIPOS"))


#: Looked at once, so that no test sees the hour change.
BEGAN = datetime.now(UTC)


def hour(ago=2):
    """The label of an hour that ended some hours ago."""
    return periods.label("H", BEGAN - timedelta(hours=ago))[:14] + "00"


def day(ago=1):
    """The label of a day that ended some days ago."""
    return periods.label("D", BEGAN - timedelta(days=ago))


def report(*cells, ago=2, **members):
    observations = [{"country": country, "network": network, "value": value} for country, network, value in cells]
    return {"frequency": "H", "period": hour(ago), "observations": observations, **members}
