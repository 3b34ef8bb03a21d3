"""The coordinators' desk: the start page, findings and what they hold, and facts to look at."""

from federation.desk.screens import audit, findings, holds, submissions, work

__all__ = ["audit", "findings", "holds", "submissions", "work"]
