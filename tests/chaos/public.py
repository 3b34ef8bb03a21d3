"""Compares what each host gives to the public over HTTP with the second implementation's result for all reports."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from http.client import OK
from typing import Any

from countries.models import Indicator
from p2p_core import codes, instants, periods
from tests.chaos.client import Web
from tests.chaos.telling import told_again
from tests.cluster import Cluster, Part
from tests.oracles import federation as oracle
from tests.oracles import records, sliding_windows

_SHOWN = 10
#: Without minutes: what had come when they were published is not kept.
_FREQUENCIES = "HDWMA"
#: A period, or a cell of one, by its names.
Key = tuple[Any, ...]


def numbers(cluster: Cluster) -> Iterator[str]:
    """Each host gives the public the numbers that the second implementation computes from all reports."""
    expected, indicator = told_again(), Indicator.objects.get(code="DOWNLOADS").number
    for host in cluster.web:
        yield from _same(f"{host.name}: ", _public(host, expected.now), _published(expected, indicator))


def _published(expected: oracle.Federation, indicator: int) -> dict[Key, Any]:
    found: dict[Key, Any] = {}
    for frequency in _FREQUENCIES:
        networks = {0} if frequency == "H" else {0, *codes.NETWORKS.values()}
        for period in expected.ended_periods(indicator, frequency):
            label = periods.label(frequency, period)
            found[frequency, label] = _coverage(expected.coverage(indicator, frequency, period))
            for (country, network), value in expected.published(indicator, frequency, period).items():
                if network in networks:
                    found[frequency, label, _COUNTRY[country], _NETWORK[network]] = value
    for name in sliding_windows.WINDOWS:
        window = sliding_windows.window(expected, indicator, name)
        if window is not None:
            found[name,] = (window.start, window.end, _coverage(window.coverage))
            found |= {(name, _COUNTRY[country]): value for country, value in window.values.items()}
    return found


_COUNTRY = {number: code for code, number in (codes.COUNTRIES | codes.GROUPS).items()}
_NETWORK = {number: code for code, number in codes.NETWORKS.items()} | {0: "_T"}


def _coverage(coverage: records.Coverage) -> Key:
    share = coverage.covered * 10_000 // coverage.owed / 10_000 if coverage.owed else None
    status = coverage.status if coverage.reporting else "O"
    until = instants.write(coverage.until) if coverage.until else None
    return coverage.expected, coverage.reporting, share, status, len(coverage.awaited) or None, until


def _public(host: Part, now: datetime) -> dict[Key, Any]:
    """All that is public of an indicator, as a reader gets it over HTTP."""
    found: dict[Key, Any] = {}
    for frequency in _FREQUENCIES:
        start = periods.start_of(frequency, now - timedelta(days=400))
        span = (
            f"start={periods.label(frequency, start)}&end={periods.label(frequency, periods.start_of(frequency, now))}"
        )
        networks = ("_T",) if frequency == "H" else ("_T", "*")
        for network in networks:
            for country in ("*", ",".join(codes.GROUPS)):
                path = f"?indicator=DOWNLOADS&frequency={frequency}&{span}&country={country}&network={network}"
                for page in _pages(host, path):
                    found |= _read(frequency, page)
    for name in sliding_windows.WINDOWS:
        found |= _window(host, name)
    return found


def _pages(host: Part, query: str) -> Iterator[dict[str, Any]]:
    path: str | None = f"/api/v1/aggregates/{query}"
    while path is not None:
        reply = Web(host.port).ask("GET", path)
        if reply.status != OK:
            raise AssertionError(f"{host.name} {path}: {reply.reason} {reply.body[:300].decode(errors='replace')}")
        page = reply.json()
        yield page
        path = "/" + page["next"].split("/", 3)[3] if page["next"] else None


def _read(frequency: str, page: Mapping[str, Any]) -> dict[Key, Any]:
    found: dict[Key, Any] = {(frequency, row["period"]): _row(row) for row in page["coverage"]}
    for cell in page["observations"]:
        found[frequency, cell["period"], cell["country"], cell["network"]] = cell["value"]
    return found


def _row(row: Mapping[str, Any]) -> Key:
    names = ("agencies_expected", "agencies_reporting", "time_coverage", "status", "agencies_awaited", "awaited_until")
    return tuple(row.get(name) for name in names)


def _window(host: Part, name: str) -> dict[Key, Any]:
    reply = Web(host.port).ask("GET", f"/api/v1/aggregates/windows/?indicator=DOWNLOADS&window={name}")
    page = reply.json()
    if page["coverage"] is None:
        return {}
    span = (datetime.fromisoformat(page["meta"]["start"]), datetime.fromisoformat(page["meta"]["end"]))
    found: dict[Key, Any] = {(name,): (*span, _row(page["coverage"]))}
    return found | {(name, cell["country"]): cell["value"] for cell in page["observations"]}


def _same(name: str, stored: Mapping[Key, Any], expected: Mapping[Key, Any]) -> list[str]:
    different = [key for key in sorted({*stored, *expected}, key=str) if stored.get(key) != expected.get(key)]
    shown = [f"{name}{key}: public {stored.get(key)}, expected {expected.get(key)}" for key in different[:_SHOWN]]
    return [f"{name}{len(different)} numbers differ", *shown] if different else []
