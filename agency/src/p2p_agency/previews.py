"""What a preview says about the reports in a file: their periods, their totals, and what they would replace."""

import gzip
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

import msgspec

from p2p_agency import messages
from p2p_agency.client import Client
from p2p_agency.words import amount


def lines(client: Client, bodies: Sequence[bytes]) -> Iterator[str]:
    """Ask the federation what would become of these submissions, and yield its answer."""
    answers = [client.dry_run(gzip.compress(body)) for body in bodies]
    yield from messages.of_receipts("This is only a preview, and nothing was stored", answers)
    unused = ("unchanged", "superseded", "held")
    is_used = not any(answer["outcomes"].get(outcome) for answer in answers for outcome in unused)
    yield from _reports(client, bodies, is_used=is_used)
    if len(answers) > 1:
        yield f"These reports need {len(answers)} submissions. The preview checked each of them without the others."


def _reports(client: Client, bodies: Sequence[bytes], *, is_used: bool) -> Iterator[str]:
    """Yield a line for the reports of each indicator and frequency. ``is_used`` says that all would be put into use.

    Of several reports for one period, only the one that was prepared last counts.
    """
    yield "The periods in UTC:"
    documents = sorted(map(msgspec.json.decode, bodies), key=itemgetter("prepared"))
    last = {(body["indicator"], one["frequency"], one["period"]): one for body in documents for one in body["reports"]}
    reports = [(indicator, one) for (indicator, *_), one in last.items()]
    in_order = sorted(reports, key=lambda named: (named[0], named[1]["frequency"]))
    for (indicator, frequency), some in groupby(in_order, key=lambda named: (named[0], named[1]["frequency"])):
        group = [report for _, report in some]
        labels = {report["period"] for report in group}
        total = sum(cell["value"] for report in group for cell in report.get("observations", ()))
        yield (
            f"  {indicator} {frequency}: {amount(len(group), 'report')} from {min(labels)} to {max(labels)}, "
            f"total {total:,}. {_in_use(client, indicator, frequency, labels, is_used=is_used)}"
        )


def _in_use(client: Client, indicator: str, frequency: str, labels: set[str], *, is_used: bool) -> str:
    count = 0
    # Figures are read month by month, because between two periods of a file there may be years with many figures.
    for _, month in groupby(sorted(labels), key=lambda label: label[:7]):
        first, *others = month
        query = {"indicator": indicator, "frequency": frequency, "start": first, "end": [first, *others][-1]}
        for one in client.pages("figures/", "figures", **query):
            count += one["source"] == "reported" and one["period"] in labels
    if not count:
        return "No report is in use for these periods."
    return f"For {amount(count, 'period')}, a report is in use already{': yours replaces it' if is_used else ''}."
