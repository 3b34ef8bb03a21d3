"""A watched folder: what is put into it, and what is in it."""

import json

NINE = "2026-11-24T09:00"
REPORT = {"frequency": "H", "period": NINE, "observations": []}


def content(*hours):
    reports = [{**REPORT, "period": f"2026-11-24T{hour:02}:00"} for hour in hours or (9,)]
    return json.dumps({"indicator": "DOWNLOADS", "reports": reports})


def names(folder):
    return sorted(path.name for path in folder.iterdir())
