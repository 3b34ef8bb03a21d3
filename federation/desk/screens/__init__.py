"""The coordinators' desk: the start page, findings and held reports to decide on, and read-only lists."""

from federation.desk.screens import (
    agency_list,
    annotations,
    audit,
    details,
    findings,
    holds,
    interventions,
    submissions,
    webhooks,
    work,
)

__all__ = [
    "agency_list",
    "annotations",
    "audit",
    "details",
    "findings",
    "holds",
    "interventions",
    "submissions",
    "webhooks",
    "work",
]
