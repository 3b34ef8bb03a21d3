"""Observations as SDMX-CSV 1.0 and 2.0."""

from collections.abc import Iterable, Iterator
from typing import Final

from api.sdmx import lines
from api.sdmx.blocks import Block, DataSet
from api.sdmx.flows import AGENCY, MEASURE, TIME, VERSION, Flow
from api.sdmx.lines import DATED, Lines
from api.sdmx.questions import Shape

#: What is told of an observation replaces what was known of it.
_ACTION: Final = "R"


def version_1(flow: Flow, shape: Shape, datasets: Iterable[DataSet]) -> Iterator[bytes]:
    """Write SDMX-CSV 1.0: a column for the dataflow."""
    yield _header(["DATAFLOW"], flow, shape)
    yield from _rows(f"{AGENCY}:{flow.id}({VERSION})", shape, datasets)


def version_2(flow: Flow, shape: Shape, datasets: Iterable[DataSet]) -> Iterator[bytes]:
    """Write SDMX-CSV 2.0: columns for the structure and for what is to be done."""
    yield _header(["STRUCTURE", "STRUCTURE_ID", "ACTION"], flow, shape)
    yield from _rows(f"dataflow,{AGENCY}:{flow.id}({VERSION}),{_ACTION}", shape, datasets)


def _header(head: list[str], flow: Flow, shape: Shape) -> bytes:
    measure = [MEASURE] if shape.measure else []
    return (",".join([*head, *flow.dimensions, TIME, *measure, *shape.attributes]) + "\r\n").encode()


def _rows(head: str, shape: Shape, datasets: Iterable[DataSet]) -> Iterator[bytes]:
    for dataset in datasets:
        start = ",".join([head, *["{}"] * len(dataset.flow.dimensions), ""])
        for block in dataset.blocks:
            if shape.keys_only:
                yield "".join(f"{start.format(*key)}\r\n" for key, *_ in block.rows()).encode()
            else:
                yield "".join(text for _, text in _lines(block, shape).of(start, block, shape)).encode()


def _lines(block: Block, shape: Shape) -> Lines:
    value, dated = "," if shape.measure else "", "," if DATED in shape.attributes else ""
    before = [f"{label}{value}" for label in block.labels]
    after = ["".join(f",{text}" for text in one.values()) + dated for one in lines.told(block, shape)]
    return Lines(before, after, "\r\n")
