"""What all formats share in writing observations: of what hangs on a period alone, each text is put together once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

from api.sdmx import blocks
from api.sdmx.blocks import Block
from api.sdmx.flows import CONFIDENTIALITY
from api.sdmx.questions import Shape
from federation.rules import instants

#: Since when an observation is as it is: it differs from one to the next, unlike what else is told of a period.
DATED = "VALID_FROM"


@dataclass(frozen=True, slots=True)
class Lines:
    """What stands before and after the value of each period, and at the end, after the date if that is told."""

    before: Sequence[str]
    after: Sequence[str]
    end: str

    def of(self, start: str, block: Block, shape: Shape) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield the key of each series with its observations; each of them begins with ``start``, its key filled in."""
        before, after, end = self.before, self.after, self.end
        shown = [shape.measure and not missing for missing in block.missing.tolist()]
        for key, places, values, since in block.rows():
            head = start.format(*key)
            rows = zip(places, values, since if DATED in shape.attributes else repeat(""), strict=False)
            text = [f"{head}{before[p]}{v if shown[p] else ''}{after[p]}{moment}{end}" for p, v, moment in rows]
            yield key, "".join(text)


def told(block: Block, shape: Shape) -> list[dict[str, str]]:
    """Return what is told of each period by the attributes wanted, without those that have no value and the date."""
    coverage = block.coverage
    beginnings = coverage.beginnings
    columns = {
        "OBS_STATUS": blocks.statuses(coverage).tolist(),
        "CONF_STATUS": [CONFIDENTIALITY] * len(block.labels),
        "COVERAGE": ["" if share is None else str(share) for share in coverage.time_coverage],
        "AGENCIES_REPORTING": map(str, coverage.agencies_reporting.tolist()),
        "AGENCIES_EXPECTED": map(str, coverage.agencies_expected.tolist()),
        "COUNTED_FROM": [
            instants.write(beginnings[at]) if at in beginnings else "" for at in range(len(coverage.periods))
        ],
    }
    names = [name for name in shape.attributes if name != DATED]
    return [dict(zip(names, row, strict=True)) for row in zip(*(columns[name] for name in names), strict=True)] or [
        {} for _ in block.labels
    ]
