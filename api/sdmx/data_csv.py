"""Observations as SDMX-CSV 1.0 and 2.0."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from api.sdmx.blocks import DATED, Block, Lines
from api.sdmx.flows import MEASURE, TIME
from api.sdmx.queries import DataQuery, Shape
from api.sdmx.structures import Structures
from p2p_core import flow


class Head(NamedTuple):
    """The first columns of a version, and what they hold; a brace stands for the flow."""

    columns: str
    cells: str


HEAD_10: Final = Head("DATAFLOW", "{}")
#: What is said of an observation replaces what was known of it.
HEAD_20: Final = Head("STRUCTURE,STRUCTURE_ID,ACTION", "dataflow,{},R")


def write(head: Head, query: DataQuery, blocks: Iterable[Block], _prepared: str, _: Structures) -> Iterator[bytes]:
    """Write a message, some series at a time."""
    shape = query.shape
    measure = [MEASURE] if shape.measure else []
    yield (",".join([head.columns, *query.flow.dimensions, TIME, *measure, *shape.attributes]) + "\r\n").encode()
    cells = head.cells.format(flow.reference(query.flow.id))
    start = ",".join([cells, *["{}"] * len(query.flow.dimensions), ""])
    for block in blocks:
        if shape.keys_only:
            yield "".join(f"{start.format(*key)}\r\n" for key, *_ in block.rows()).encode()
        else:
            yield "".join(text for _, text in _lines(block, shape).of(start, block, shape)).encode()


def _lines(block: Block, shape: Shape) -> Lines:
    value, dated = "," if shape.measure else "", "," if DATED in shape.attributes else ""
    before = [f"{label}{value}" for label in block.labels]
    after = ["".join(f",{text}" for text in one.values()) + dated for one in block.attributes(shape.attributes)]
    return Lines(before, after, "\r\n")
