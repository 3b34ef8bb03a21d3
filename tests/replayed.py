"""Answers of the API that make the map replay minutes, hours and days, for tests and measurements in a browser."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from playwright.sync_api import Page, Route

#: Five downloads are a pulse. So in a minute Germany has 60 pulses, Norway about 12 and Iceland about 20.
_A_MINUTE, _AN_HOUR, _A_DAY = 300, 3_600, 144_000
_WITHHELD = [
    {"countries": ["NO"], "network": "_T", "published": ["H", "D", "W", "M", "A"]},
    {"countries": ["IS"], "network": "_T", "published": ["D", "W", "M", "A"]},
    {"countries": ["AD"], "network": "_T", "published": ["W", "M", "A"]},
]


class Numbers:
    """Answers as the API gives them. ``ahead`` is for pages whose clock runs faster.

    The newest ``awaited`` minutes are not public yet, because agencies are late.
    """

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.awaited = 0

    def serve(self, page: "Page") -> None:
        page.route("**/api/v1/aggregates/**", self.answer)

    def answer(self, route: "Route") -> None:
        now = datetime.now(UTC) + self.ahead
        headers = {"Date": format_datetime(now, usegmt=True), "ETag": f'W/"{now:%H.%M}.{self.awaited}"'}
        if route.request.headers.get("if-none-match") == headers["ETag"]:
            route.fulfill(status=HTTPStatus.NOT_MODIFIED, headers=headers)
            return
        address = urlsplit(route.request.url)
        given = {name: value for name, (value,) in parse_qs(address.query).items()}
        if address.path.endswith("/windows/"):
            content = self._window(given["window"], now)
        elif address.path.endswith("/live/"):
            minutes = _minutes_before(now)
            content = self._range(minutes[: len(minutes) - self.awaited], {"DE": _A_MINUTE}, withheld=_WITHHELD)
            content["meta"]["end"] = minutes[-1]
        else:
            values = {"H": {"NO": _AN_HOUR, "DE": 9_000}, "D": {"IS": _A_DAY, "NO": 9_000, "AD": 9_000}}
            content = self._range([given["start"]], values[given["frequency"]])
        route.fulfill(body=json.dumps(content), content_type="application/json", headers=headers)

    @staticmethod
    def _window(length: str, now: datetime) -> dict[str, Any]:
        hour = now.hour if length == "P1D" else 0
        end = now.replace(hour=hour, minute=0, second=0, microsecond=0)
        return {
            "meta": {"end": f"{end:%Y-%m-%dT%H:%M}:00.000Z", "version": 1, "rounding_base": 5},
            "coverage": {"agencies_expected": 1, "agencies_reporting": 1, "status": "A"},
            "observations": [{"country": "NO", "value": 100, "per_100k": 2.0}],
        }

    @staticmethod
    def _range(
        periods: "Sequence[str]", values: "Mapping[str, int]", withheld: "Sequence[Mapping[str, Any]]" = ()
    ) -> dict[str, Any]:
        return {
            "meta": {"end": periods[-1], "version": 1, "rounding_base": 5},
            "coverage": [
                {"period": period, "status": "A", "agencies_expected": 3, "agencies_reporting": 2} for period in periods
            ],
            "observations": [
                {"period": period, "country": code, "value": value, "per_100k": None}
                for period in periods
                for code, value in values.items()
            ],
            "withheld": list(withheld),
        }


def _minutes_before(now: datetime) -> list[str]:
    return [f"{now - timedelta(minutes=ago):%Y-%m-%dT%H:%M}" for ago in range(60, 0, -1)]
