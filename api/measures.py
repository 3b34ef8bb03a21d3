"""Metrics of the web server: requests, accepted submissions, refusals. None contains a count of an agency.

The processes of one web server share a folder (`config.wsgi` makes it), so that each of them can answer for all.
"""

from typing import Final

from prometheus_client import Counter, Histogram

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120)

REQUESTS: Final = Counter("police2peer_requests", "Requests answered", ["route", "method", "status"])
SECONDS: Final = Histogram("police2peer_request_seconds", "Time to answer", ["route"], buckets=_BUCKETS)
REFUSED: Final = Counter("police2peer_refusals", "Problems answered, by code", ["code"])
SUBMISSIONS: Final = Counter("police2peer_submissions_accepted", "Submissions stored", ["media"])
REPORTS: Final = Counter("police2peer_reports_accepted", "Reports stored, by what became of them", ["outcome"])
OBSERVATIONS: Final = Counter("police2peer_observations_accepted", "Observations stored", ["media"])
FAILED: Final = Counter(
    "police2peer_submissions_failed",
    "Submissions and requests for tokens that failed, by our reason",
    ["route", "reason"],
)
