"""Observations as structure-specific SDMX-ML 2.1 and 3.0."""

from collections.abc import Iterable, Iterator

from api.datasets import INVENTED
from api.sdmx import flows
from api.sdmx.blocks import DATED, Block, Lines
from api.sdmx.flows import MEASURE, TIME
from api.sdmx.queries import DataQuery, Shape
from api.sdmx.structure_xml import PROLOGUE, element, header
from api.sdmx.structures import Structures


def write(
    namespace: str, query: DataQuery, blocks: Iterable[Block], prepared: str, known: Structures
) -> Iterator[bytes]:
    """Write a message, some series at a time."""
    is_30 = namespace.endswith("v3_0")
    urn = flows.urn("dataflow", query.flow.id)
    own = f"{urn}:ObsLevelDim:{query.shape.at_observation}"
    # 2.1 has an element for the URN. Clients ask for the structure by the id that the message has for it.
    usage = element("com:StructureUsage", {}, urn if is_30 else element("URN", {}, urn))
    structure = {"structureID": query.flow.dsd, "namespace": own, "dimensionAtObservation": query.shape.at_observation}
    source = element("mes:Source", {"xml:lang": "en"}, INVENTED) if known.invented else ""
    head = header(query.flow.id, prepared, element("mes:Structure", structure, usage), source, invented=known.invented)
    yield (
        f'{PROLOGUE}<mes:StructureSpecificData xmlns:mes="{namespace}/message" xmlns:com="{namespace}/common" '
        f'xmlns:ss="{namespace}/data/structurespecific" xmlns:own="{own}" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n{head}\n'
    ).encode()
    scope = "" if is_30 else 'ss:dataScope="Dataflow" '
    yield (
        f'<mes:DataSet ss:structureRef="{query.flow.dsd}" xsi:type="own:DataSetType" {scope}ss:action="Replace">\n'
    ).encode()
    for block in blocks:
        yield "".join(_series(query, block)).encode()
    yield b"</mes:DataSet>\n</mes:StructureSpecificData>\n"


def _series(query: DataQuery, block: Block) -> Iterator[str]:
    shape = query.shape
    names = " ".join(f'{name}="{{}}"' for name in query.flow.dimensions)
    if shape.keys_only:
        yield from (f"<Series {names.format(*key)}/>\n" for key, *_ in block.rows())
        return
    written = _lines(block, shape)
    if shape.flat:
        yield from (text for _, text in written.of(f"<Obs {names}", block, shape))
        return
    for key, text in written.of("<Obs", block, shape):
        yield f"<Series {names.format(*key)}>\n{text}</Series>\n"


def _lines(block: Block, shape: Shape) -> Lines:
    """Put together what stands around the values; a value that is missing is left out with its name."""
    valued = [shape.measure and not missing for missing in block.missing]
    before = [f' {TIME}="{label}"' + f' {MEASURE}="' * shown for label, shown in zip(block.labels, valued, strict=True)]
    dated = f' {DATED}="' if DATED in shape.attributes else ""
    after = [
        '"' * shown + "".join(f' {name}="{text}"' for name, text in one.items() if text) + dated
        for shown, one in zip(valued, block.attributes(shape.attributes), strict=True)
    ]
    return Lines(before, after, '"/>\n' if dated else "/>\n")
