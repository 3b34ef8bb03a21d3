"""Observations as SDMX-CSV 1.0 and 2.0."""

from collections.abc import Iterator

from api.sdmx.blocks import DATED
from api.sdmx.flows import MEASURE, TIME
from api.sdmx.observations import Observations
from api.sdmx.queries import DataQuery
from api.sdmx.structures import Structures
from p2p_core import flow


def write_data(version: int, query: DataQuery, answer: Observations, _: Structures) -> Iterator[bytes]:
    """Write a message of version 1 or 2, some series at a time."""
    shape = query.shape
    # In version 2, R means that an observation replaces its earlier value.
    columns, cells = ("DATAFLOW", "{}") if version == 1 else ("STRUCTURE,STRUCTURE_ID,ACTION", "dataflow,{},R")
    measure = [MEASURE] if shape.measure else []
    yield (",".join([columns, *query.flow.dimensions, TIME, *measure, *shape.attributes]) + "\r\n").encode()
    start = ",".join([cells.format(flow.reference(query.flow.id)), *["{}"] * len(query.flow.dimensions), ""])
    value, dated = "," if shape.measure else "", "," if DATED in shape.attributes else ""
    for block in answer.blocks():
        if shape.keys_only:
            yield "".join(f"{start.format(*key)}\r\n" for key, *_ in block.rows()).encode()
            continue
        before = [f"{label}{value}" for label in block.labels]
        after = ["".join(f",{text}" for text in one.values()) + dated for one in block.attributes(shape.attributes)]
        yield "".join(text for _, text in block.texts(shape, start, before, after, "\r\n")).encode()
