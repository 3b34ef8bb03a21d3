"""Sends reports of invented agencies through the API: first their history, then live minutes until it is stopped."""

import json
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from federation.database import clock
from federation.management.demo import counts, interventions, registration
from federation.management.demo.agencies import AGENCIES, COLLECTOR, Stream
from federation.management.demo.client import Client, RefusedError
from federation.management.progress import Progress, show_remaining
from federation.models.worklist import Work
from federation.worklist import dispatch
from p2p_core import periods

REPORTS_A_SUBMISSION = 1_000
SETTLED_WITHIN = 600.0
#: In seconds. A minute is sent this long after its end, as by an agency that must add it up first.
DELAY = 1.0
#: One day in this many is corrected later.
CORRECTED_EVERY = 29

_SWARM = """
Portugal's demo unit counts a swarm on this machine, which exchanges harmless text files, with p2p-agency collect.
Its first counts come after about two minutes."""

Step = tuple[periods.Frequency, datetime]


class Command(BaseCommand):
    help = __doc__ or ""
    # They load everything that web servers need, which takes a second.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("url", help="the address of the API, such as http://localhost:8000")
        parser.add_argument("--waited", type=float, default=0.0, help="seconds that the start took before this")
        parser.add_argument("--credential", type=Path, help="write here what an agency needs that counts a real swarm")
        parser.add_argument("--once", action="store_true", help="send what is due, then end")

    def handle(self, *, url: str, waited: float, once: bool, credential: Path | None, **_: Any) -> None:
        began = time.monotonic() - waited
        self.stdout.write(f"Adding {len(AGENCIES)} invented agencies")
        try:
            # Otherwise the workers would publish each period again as more history arrives.
            with dispatch.resting_workers():
                senders, reader = _add_agencies(url)
                plans = [(sender, sender.due(now=clock.now())) for sender in senders]
                _send_history(plans)
            collector = registration.add_collector(url=url, now=clock.now()) if credential else None
            # Hashing its passwords takes a second. The workers publish meanwhile.
            welcome = _welcome(url, reader, swarm=collector is not None)
            show_remaining("Adding up and publishing", left=Work.objects.count)
            call_command("settle", timeout=SETTLED_WITHIN)
            # Only now, so that only corrections are listed as corrections.
            _send_corrections(plans)
            call_command("settle", timeout=SETTLED_WITHIN)
            if credential and collector:
                _write_credential(credential, collector)
            took = time.monotonic() - began
            self.stdout.write(f"\nReady after {took:.0f} seconds. {welcome}")
            self.stdout.flush()
            while not once:
                now = clock.now()
                time.sleep((periods.end("N", periods.start_of("N", now)) - now).total_seconds() + DELAY)
                now = clock.now()
                for sender in senders:
                    if steps := sender.due(now=now):
                        sender.send(steps)
        except RefusedError as refusal:
            raise CommandError(str(refusal)) from None
        except KeyboardInterrupt:
            self.stdout.write("")


class Sender:
    """One stream of one agency: what it sent last, and how its numbers are drawn."""

    def __init__(
        self,
        stream: Stream,
        client: Client,
        mixture: counts.Mixture,
        since: datetime,
        seed: int,
        first_day: datetime,
    ) -> None:
        self.stream, self.client, self.mixture, self.since, self.first_day = stream, client, mixture, since, first_day
        self._rng = np.random.default_rng([seed, int(since.timestamp())])

    def due(self, *, now: datetime) -> list[Step]:
        return list(self.stream.due(self.since, now=now, first_day=self.first_day))

    def send(self, steps: Sequence[Step]) -> None:
        self.client.submit(self.stream.indicator, self._reports(steps))
        self.since = periods.end(*steps[-1])

    def correct(self, steps: Sequence[Step]) -> None:
        """Send some periods again, as corrections. New random numbers differ from the first ones."""
        self.client.submit(self.stream.indicator, self._reports(steps))

    def _reports(self, steps: Sequence[Step]) -> list[dict[str, Any]]:
        return [
            {
                "frequency": frequency.value,
                "period": periods.label(frequency, start),
                "observations": self.mixture.observations(row),
            }
            for (frequency, start), row in zip(steps, self.draw(steps), strict=True)
        ]

    def draw(self, steps: Sequence[Step]) -> counts.Counts:
        """Invent the counts of these periods: a row of cells for each."""
        starts, ends = [start for _, start in steps], [periods.end(*step) for step in steps]
        stream = self.stream
        expectation = counts.expected_counts(starts, ends, level=stream.level, utc_offset=stream.agency.utc_offset)
        expectation *= [stream.excess(start, self.first_day) for start in starts]
        shares = self.mixture.over_time(starts, interventions.changes(stream, first_day=self.first_day))
        return counts.draw_counts(expectation, shares, rng=self._rng)


Plan = tuple[Sender, list[Step]]


def _add_agencies(url: str) -> tuple[list[Sender], Client]:
    now = clock.now()
    first_day = registration.first_day(now)
    registration.set_monthly_detail()
    inhabitants, europe = registration.inhabitants()
    senders = []
    for seed, invented in enumerate(AGENCIES):
        client = registration.add_agency(invented, url=url, now=now, first_day=first_day)
        for stream in invented.streams:
            shares = counts.NETWORK_SHARES if stream.indicator == "DOWNLOADS" else counts.VISIT_SHARES
            rng = np.random.default_rng(seed)
            mixture = counts.draw_mixture(inhabitants, near=europe, home=invented.country, networks=shares, rng=rng)
            since = registration.sent_until(stream, first_day=first_day)
            senders.append(Sender(stream, client, mixture, since, seed, first_day))
    registration.add_past(first_day=first_day)
    registration.add_interventions(first_day=first_day)
    registration.add_recipients()
    return senders, registration.add_reader(url=url, now=now)


def _write_credential(path: Path, client: Client) -> None:
    """Write it so that only its owner may read it, and that nobody reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    names = ("address", client.url), ("client_id", client.client_id), ("client_secret", client.client_secret)
    draft.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in names))
    draft.replace(path)


def _send_history(plans: Sequence[Plan]) -> None:
    def send(plan: Plan) -> int:
        sender, steps = plan
        for at in range(0, len(steps), REPORTS_A_SUBMISSION):
            sender.send(steps[at : at + REPORTS_A_SUBMISSION])
        return len(steps)

    total = sum(len(steps) for _, steps in plans)
    with Progress("Sending their history through the API", total, "reports") as bar, ThreadPoolExecutor(2) as threads:
        for sent in threads.map(send, plans):
            bar.add(sent)


def _send_corrections(plans: Sequence[Plan]) -> None:
    for sender, steps in plans:
        days = [step for step in steps if step[0] is periods.Frequency.DAY]
        if sender.stream.agency.corrects and len(days) > CORRECTED_EVERY:
            sender.correct(days[::CORRECTED_EVERY])


def _welcome(url: str, reader: Client, *, swarm: bool) -> str:
    # No hour waits for agencies that long.
    hour = periods.start_of("H", clock.now() - settings.PUBLICATION_LIMITS["H"] - timedelta(hours=1, minutes=1))
    label = periods.label("H", hour)
    query = f"indicator=DOWNLOADS&frequency=H&start={label}&end={label}&country=NO"
    first, last = (periods.label("D", clock.now() - timedelta(days=ago)) for ago in (14, 1))
    analysts = "".join(
        f"\n                 {agency.code}: user {name}, password {registration.analyst(name, now=clock.now())}"
        for name, agency in registration.ANALYSTS.items()
        if swarm or agency != COLLECTOR
    )
    return f"""All agencies and numbers here are invented.{_SWARM if swarm else ""}

  {url}/             the pages for everybody
  {url}/coverage/    who reported: Ireland is silent, and yesterday waits for Italy
  {url}/effects/     four interventions: a change was found for one, and not for another
  {url}/countries/li/ is published by week; is/ by day, and sm/ by month
  {url}/api/v1/aggregates/?indicator=DOWNLOADS&frequency=D&start={first}&end={last}
  {url}/api/docs/    the API
  {url}/admin/       the coordinators' desk: user demo, password {registration.coordinator()}
  {url}/agency/      the pages of one agency, with its exact counts{analysts}
  {settings.EMAIL_FILE_PATH}  the e-mails that the service would send to agencies and coordinators

Send a report as an agency would, and read the combined view:

  TOKEN=$(curl -s -u '{reader.client_id}:{reader.client_secret}' {url}/oauth/token/ \\
      -d grant_type=client_credentials | sed 's/.*"access_token": *"\\([^"]*\\)".*/\\1/')
  curl -s {url}/api/v1/submissions/ -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '
      {{"indicator": "DOWNLOADS", "reports": [{{"frequency": "H", "period": "{label}", "observations": [
          {{"country": "NO", "network": "BITTORRENT", "value": 250}}]}}]}}'
  curl -s '{url}/api/v1/aggregates/?{query}'

Live minutes continue to arrive. Ctrl-C stops everything."""
