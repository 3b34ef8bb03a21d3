"""Makes submissions in JSON for tests."""

import json


def body(*reports, **envelope):
    return json.dumps({"indicator": "DOWNLOADS", "reports": list(reports), **envelope}).encode()


def report(*observations, **members):
    cells = [dict(zip(("country", "network", "value"), cell, strict=False)) for cell in observations]
    return {"frequency": "H", "period": "2026-11-24T09:00", "observations": cells, **members}
