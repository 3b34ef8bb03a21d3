"""What must be true when all is healed: nothing lost, doubled or half there, and the public numbers right.

Each function returns what differs, in words; nothing if nothing does.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from io import StringIO
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management import CommandError, call_command

from countries import codes
from countries.models import Indicator, Schedule
from federation import rebuilding, thresholds, worklist
from federation.models.findings import Finding
from federation.models.submissions import IdempotencyKey, Report, Submission
from federation.rules import periods
from tests.chaos.client import Web
from tests.chaos.load import Sent
from tests.cluster import Cluster, Part
from tests.oracles import federation as oracle
from tests.oracles.desk import Desk
from tests.oracles.findings import Reviewer

_SHOWN = 10
Key = tuple[Any, ...]


def submissions(sent: Sequence[Sent], agencies: Sequence[int]) -> Iterator[str]:
    """Every one that was answered with 202 is there once, no refused one is, and one without an answer at most once."""
    there = defaultdict(list)
    for row in Submission.objects.values_list("agency_id", "body_digest", "id"):
        there[row[0], bytes(row[1])].append(row[2])
    known = set()
    for one in sent:
        key = agencies[one.planned.agency], one.digest
        known.add(key)
        yield from _one(one, there[key])
    yield from (f"stored, and nobody sent it: {ids}" for key, ids in there.items() if key not in known and ids)


def _one(sent: Sent, ids: Sequence[UUID]) -> Iterator[str]:
    name = f"submission {sent.planned.number} ({sent.planned.kind})"
    told = {UUID(receipt["id"]) for receipt in sent.receipts}
    if sent.planned.kind != "good":
        if told or ids:
            yield f"{name}: to be refused, and stored {len(ids)} times"
        return
    if sent.refusals:
        yield f"{name}: refused: {sent.refusals[0].body[:200].decode()}"
    if len(ids) > 1:
        yield f"{name}: doubled, {len(ids)} times there"
    if told - set(ids):
        yield f"{name}: lost, it was answered with {told} and {ids} is there"
    if len(told) > 1:
        yield f"{name}: answered with more than one id"
    if ids and not told and not sent.may_be_there:
        yield f"{name}: stored, and no answer said so"


def contents(sent: Sequence[Sent], agencies: Sequence[int]) -> Iterator[str]:
    """Each that is there is there whole: as many reports and cells as were sent, and those that were sent."""
    by_digest = {(agencies[one.planned.agency], one.digest): one for one in sent}
    reports = defaultdict(list)
    for report in Report.objects.select_related("equals").order_by("position"):
        reports[report.submission_id].append(report)
    for submission in Submission.objects.all():
        one = by_digest.get((submission.agency_id, bytes(submission.body_digest)))
        rows = reports.pop(submission.id, [])
        counted = sum(submission.outcomes.values()), submission.report_count, len(rows)
        if len(set(counted)) > 1:
            yield f"half there: {submission.id} has {counted} reports"
        elif one is not None and [_told(row) for row in rows] != [_meant(said) for said in one.document["reports"]]:
            yield f"other than sent: {submission.id}"
    yield from (f"reports without a submission: {id_}" for id_ in reports)


def _told(report: Report) -> Key:
    source = report.equals or report
    cells = dict(zip(zip(source.countries, source.networks, strict=True), source.values, strict=True))
    return report.frequency, report.period, report.status, report.withdrawn, cells


def _meant(said: Mapping[str, Any]) -> Key:
    cells = {
        (codes.COUNTRIES[cell["country"]], codes.NETWORKS[cell["network"]]): cell["value"]
        for cell in said.get("observations", ())
        if cell["value"]
    }
    period = periods.parse(said["frequency"], said["period"])
    return said["frequency"], period, said.get("status", "A"), said.get("withdrawn", False), cells


def keys(sent: Sequence[Sent], agencies: Sequence[int]) -> Iterator[str]:
    """An Idempotency-Key leads to the submission that was answered, and none to another."""
    stored = {
        (agency, bytes(key)): submission
        for agency, key, submission in IdempotencyKey.objects.values_list("agency", "key_digest", "submission")
    }
    for one in sent:
        if one.planned.key is None or not one.accepted:
            continue
        digest = sha256(one.planned.key.encode()).digest()
        if stored.get((agencies[one.planned.agency], digest)) != UUID(one.receipts[0]["id"]):
            yield f"submission {one.planned.number}: its key leads elsewhere"


def numbers(cluster: Cluster) -> Iterator[str]:
    """What the public reads from each host is what the second implementation makes of all that is stored."""
    expected, indicator = told_again(), Indicator.objects.get(code="DOWNLOADS").number
    for host in cluster.web:
        yield from _same(f"{host.name}: ", _public(host, expected.now), _published(expected, indicator))


def told_again() -> oracle.Federation:
    """The second implementation, told everything that came, in the order in which it was stored."""
    desk = desk_again()
    return oracle.Federation(
        desk.reports,
        [_promised(row) for row in Schedule.objects.all()],
        now=worklist.mark(),
        secret=settings.ROUNDING_KEY,
        base=settings.ROUNDING_BASE,
    )


def desk_again() -> Desk:
    desk, came = Desk(thresholds.for_all()), defaultdict(list)
    for row in Report.objects.select_related("equals").order_by("id"):
        came[row.submission_id].append(row)
    for rows in came.values():
        desk.receive([_heard(row) for row in rows])
    return desk


def _heard(row: Report) -> oracle.Report:
    return oracle.Report(
        submission=row.submission_id,
        agency=row.agency_id,
        indicator=row.indicator_id,
        frequency=row.frequency,
        period=row.period,
        status=row.status,
        withdrawn=row.withdrawn,
        cells=_told(row)[-1],
        prepared=row.prepared,
        received=row.received,
    )


def _promised(row: Schedule) -> oracle.Schedule:
    deadline = timedelta(minutes=row.deadline_minutes)
    return oracle.Schedule(row.agency_id, row.indicator_id, row.frequency, row.valid_from, row.valid_to, deadline)


def _published(expected: oracle.Federation, indicator: int) -> dict[Key, Any]:
    found: dict[Key, Any] = {}
    for frequency in "NHDWMA":
        networks = {0} if frequency in "NH" else {0, *codes.NETWORKS.values()}
        for period in _asked(expected, indicator, frequency):
            label = periods.label(frequency, period)
            found[frequency, label] = _coverage(expected.coverage(indicator, frequency, period))
            for (country, network), value in expected.published(indicator, frequency, period).items():
                if network in networks:
                    found[frequency, label, _COUNTRY[country], _NETWORK[network]] = value
    for name in oracle.WINDOWS:
        window = expected.window(indicator, name)
        if window is not None:
            found[name,] = (window.start, window.end, _coverage(window.coverage))
            found |= {(name, _COUNTRY[country]): value for country, value in window.values.items()}
    return found


_COUNTRY = {number: code for code, number in (codes.COUNTRIES | codes.GROUPS).items()}
_NETWORK = {number: code for code, number in codes.NETWORKS.items()} | {0: "_T"}


def _asked(expected: oracle.Federation, indicator: int, frequency: str) -> list[datetime]:
    """The published periods; of the minutes those that stay public while we look at them."""
    found = expected.published_periods(indicator, frequency)
    if frequency != "N":
        return found
    oldest = expected.now - timedelta(minutes=90)
    return [period for period in found if period >= oldest and expected.coverage(indicator, "N", period).expected]


def _coverage(coverage: oracle.Coverage) -> Key:
    share = coverage.covered * 10_000 // coverage.owed / 10_000 if coverage.owed else None
    return coverage.expected, coverage.reporting, share, coverage.status


def _public(host: Part, now: datetime) -> dict[Key, Any]:
    """All that is public of an indicator, as a reader gets it over HTTP."""
    found: dict[Key, Any] = {}
    for frequency in "NHDWMA":
        since = timedelta(minutes=90) if frequency == "N" else timedelta(days=400)
        start = periods.start_of(frequency, now - since)
        if start < now - since and frequency == "N":
            start += timedelta(minutes=1)
        span = (
            f"start={periods.label(frequency, start)}&end={periods.label(frequency, periods.start_of(frequency, now))}"
        )
        networks = ("_T",) if frequency in "NH" else ("_T", "*")
        for network in networks:
            for country in ("*", ",".join(codes.GROUPS)):
                path = f"?indicator=DOWNLOADS&frequency={frequency}&{span}&country={country}&network={network}"
                for page in _pages(host, path):
                    found |= _read(frequency, page)
    for name in oracle.WINDOWS:
        found |= _window(host, name)
    return found


def _pages(host: Part, query: str) -> Iterator[dict[str, Any]]:
    path: str | None = f"/api/v1/aggregates/{query}"
    while path is not None:
        reply = Web(host.port).ask("GET", path)
        if reply.status != 200:
            raise AssertionError(f"{host.name} {path}: {reply.reason} {reply.body[:300].decode(errors='replace')}")
        page = reply.json()
        yield page
        path = "/" + page["next"].split("/", 3)[3] if page["next"] else None


def _read(frequency: str, page: Mapping[str, Any]) -> dict[Key, Any]:
    found: dict[Key, Any] = {(frequency, row["period"]): _row(row) for row in page["coverage"]}
    if frequency == "N":
        # A minute in which nobody is expected may have a row or not: minutes have no history that could have a gap.
        found = {key: row for key, row in found.items() if row[0]}
    for cell in page["observations"]:
        found[frequency, cell["period"], cell["country"], cell["network"]] = cell["value"]
    return found


def _row(row: Mapping[str, Any]) -> Key:
    return row["agencies_expected"], row["agencies_reporting"], row["time_coverage"], row["status"]


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


def work() -> Iterator[str]:
    """Nothing waits, nothing was set aside, a rebuild would change nothing, and the audit trail is whole."""
    yield from (f"set aside: {worklist.unpack(one.thing)}: {one.reason}" for one in worklist.set_aside())
    yield from (f"differs from the reports: {thing}" for thing in list(rebuilding.differences())[:_SHOWN])
    out = StringIO()
    try:
        call_command("verify_audit", stdout=out, stderr=out)
    except CommandError as broken:
        yield f"audit trail: {broken} {out.getvalue()[:300]}"


def findings() -> Iterator[str]:
    """What is noticed of the reports is what a second implementation notices, and nothing is held."""
    desk = desk_again()
    expected = {(rule, *key) for rule, *key in Reviewer(desk, told_again(), thresholds.for_all()).noticed()}
    rows = Finding.objects.filter(resolved=None, rule__in=("R101", "R103", "R104", "R105"))
    stored = {(row.rule, row.agency_id, row.indicator_id, row.frequency, row.period) for row in rows}
    yield from (f"finding out of nowhere: {key}" for key in sorted(stored - expected, key=str)[:_SHOWN])
    yield from (f"finding that is missing: {key}" for key in sorted(expected - stored, key=str)[:_SHOWN])
    held = Counter(
        Finding.objects.filter(rule__in=("R102", "R106"), frequency__in="NHDM").values_list("rule", flat=True)
    )
    held_reports = Report.objects.filter(state__in=("held", "rejected")).count()
    if held_reports:
        yield f"{held_reports} reports are held: {dict(held)}"
