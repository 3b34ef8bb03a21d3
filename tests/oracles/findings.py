"""The open findings about reports (R101, R103 to R106), from all reports, one after the other."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from tests.oracles import rules
from tests.oracles.calendar import end_of, length_of, start_of
from tests.oracles.desk import Desk, Key, Record
from tests.oracles.federation import Federation
from tests.oracles.figures import SUMMED_FROM
from tests.oracles.places import sum_of
from tests.oracles.records import Report

MOMENT = timedelta(microseconds=1)
#: The rules that are implemented here a second time.
RULES = ("R101", "R103", "R104", "R105", "R106")


class Reviewer:
    """Looks at every current report as it stands."""

    def __init__(self, desk: Desk, federation: Federation, thresholds: Mapping[str, float]) -> None:
        self.desk, self.federation, self.thresholds = desk, federation, thresholds

    def noticed(self) -> dict[tuple[Any, ...], dict[str, Any]]:
        """Return the main numbers of each finding, by rule and key."""
        return {
            (rule, *key): said
            for key, report in self.federation.current.items()
            if key[2] in "HDM"
            for rule, said in self._of(key, report)
        }

    def _of(self, key: Key, report: Report) -> Iterator[tuple[str, dict[str, Any]]]:
        value = sum(report.cells.values())
        finer = self._finer(key)
        if finer is not None and not report.withdrawn and rules.differing(report.cells, finer):
            different = rules.differing(report.cells, finer)
            yield "R101", {"value": value, "finer": sum(finer.values()), "cells": len(different)}
        *earlier, root = self._history(key)
        before = earlier[-1] if earlier else None
        if before is not None and self._is_large(root, before):
            yield "R103", {"value": value, "before": sum(before.report.cells.values())}
        previous = self.federation.current.get((*key[:3], start_of(key[2], key[3] - MOMENT)))
        if previous is not None and previous.cells == report.cells and value >= self.thresholds["R104_TOTAL"]:
            yield "R104", {"value": value}
        if rules.is_unlocated(report.cells, share="0.3", total=50):
            unlocated = sum(count for (country, _), count in report.cells.items() if country == rules.UNKNOWN)
            yield "R105", {"value": value, "unlocated": unlocated}
        if len(earlier) > self.thresholds["R106_REVISIONS"]:
            yield "R106", {"revisions": len(earlier)}

    def _finer(self, key: Key) -> dict[tuple[int, int], int] | None:
        """The sum of the finer figures, if they are there for all of the period."""
        agency, indicator, frequency, period = key
        assert frequency in SUMMED_FROM
        parts = list(self.federation._parts(agency, indicator, frequency, period))
        if sum(part.seconds for part in parts) < length_of([(period, end_of(frequency, period))]):
            return None
        return sum_of(part.cells for part in parts)

    def _history(self, key: Key) -> list[Record]:
        """The reports that ever counted; the last is the one that counts, or that it equals."""
        public = [record for record in self.desk.records if record.key == key and record.was_public]
        return sorted(public, key=lambda record: record.report.rank)

    def _is_large(self, root: Record, before: Record) -> bool:
        report = root.report
        return rules.is_large_revision(
            sum(report.cells.values()),
            sum(before.report.cells.values()),
            report.received - end_of(report.frequency, report.period),
            share="0.25",
            difference=50,
            days=2,
        )
