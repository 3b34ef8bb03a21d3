"""Submissions of an agency, tried with a dry run first; both must say the same."""

import csv
import io
import json

from tests.contract.callers import COLUMNS, day, hour, report
from tests.reporting import settle

WEEK = 7 * 24
USUAL = [("NO", "ARES", 90), ("DE", "EDONKEY", 10)]


def of_day(ago, *cells):
    return report(*cells, frequency="D", period=day(ago))


def of_hours(ago, *cells):
    """A report for each hour of a day, none like the one before."""
    return [report(*cells, ("SE", "ARES", 1 + at % 2), period=f"{day(ago)}T{at:02}:00") for at in range(24)]


def withdrawn(ago):
    return {"frequency": "H", "period": hour(ago), "withdrawn": True}


def weeks(first, last, *cells, ago=2):
    """Reports for one hour of the week, from so many weeks ago on."""
    return [report(*cells, ago=ago + WEEK * back) for back in range(first, last - 1, -1)]


def as_csv(reports):
    """The same reports as rows, those of all reports mixed."""
    rows = []
    for one in reports:
        named = ["DOWNLOADS", one["frequency"], one["period"]]
        cells = [[cell["country"], cell["network"], str(cell["value"])] for cell in one.get("observations", [])]
        if one.get("withdrawn"):
            rows.append([*named, "", "", "", "D"])
        else:
            rows += [[*named, *cell, ""] for cell in cells or [["_T", "_T", "0"]]]
    first, rest = [], []
    for row in rows:
        (rest if row[:3] in [other[:3] for other in first] else first).append(row)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([[*COLUMNS.split(","), "ACTION"], *first, *rest])
    return text.getvalue()


class Sender:
    """Sends reports as JSON or as CSV."""

    def __init__(self, caller, media="json"):
        self.caller = caller
        self.media = media

    def send(self, reports, *, query=""):
        if self.media == "json":
            body, media = json.dumps({"indicator": "DOWNLOADS", "reports": reports}), "application/json"
        else:
            body, media = as_csv(reports), "text/csv"
        return self.caller.post(body, query=query, media=media).json()

    def try_out(self, reports):
        return self.send(reports, query="?dry_run=true")

    def read(self, sent):
        """All findings of a submission, however many pages it has."""
        found, address = [], sent["url"]
        while address:
            page = self.caller.get(address).json()
            found += page["findings"]
            address = page["next"]
        return found


def unnumbered(findings):
    return [one | {"id": None} for one in findings]


def check_dry_run(sender, reports):
    """Try reports out in both forms, send them, and compare what was said before with what is so after; return that."""
    tried = sender.try_out(reports)
    other = Sender(sender.caller, "csv" if sender.media == "json" else "json").try_out(reports)
    assert (other["findings"], other["preview"]) == (tried["findings"], tried["preview"])
    sent = sender.send(reports)
    receipt = unnumbered(sent["findings"])
    settle()
    found = sender.read(sent)
    assert unnumbered(found) == tried["findings"]
    assert tried["outcomes"] == sent["outcomes"]
    assert [one["outcome"] for one in tried["preview"]] == [
        one["outcome"] for one in sender.caller.get(sent["url"]).json()["reports"]
    ]
    # What holds a report is known at receipt.
    assert [one for one in unnumbered(found) if one["rule"] == "R102"] == [
        one for one in receipt if one["rule"] == "R102"
    ]
    assert all(one["id"] for one in [*found, *sent["findings"]])
    return found
