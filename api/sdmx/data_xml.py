"""Observations as SDMX-ML: structure-specific 2.1 and 3.0, and generic 2.1."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from api.sdmx import lines, urns
from api.sdmx.blocks import Block, DataSet
from api.sdmx.flows import AGENCY, MEASURE, TIME, Flow
from api.sdmx.lines import DATED, Lines
from api.sdmx.questions import Shape

_SCHEMAS: Final = "http://www.sdmx.org/resources/sdmxml/schemas"
_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"

#: For what data are said to be valid; 3.0 has no more such a word.
_SCOPE: Final = {"v2_1": 'ss:dataScope="Dataflow" ', "v3_0": ""}
#: What is written of each series of a block.
Writer = Callable[[Flow, Block, Shape], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Message:
    """What the header of a message says."""

    flow: Flow
    shape: Shape
    prepared: str
    #: Whether numbers are invented, and the sentence that says so.
    invented: str = ""

    @property
    def urn(self) -> str:
        return urns.of("dataflow", self.flow.id)

    @property
    def namespace(self) -> str:
        """The name space of the types that a structure-specific message is made of."""
        return f"{self.urn}:ObsLevelDim:{self.shape.at_observation}"

    def header(self, root: str, *, specific: bool) -> str:
        """Return the header; 3.0 has a URN for the content of what 2.1 has in an element of its own."""
        namespace = f'namespace="{self.namespace}" ' if specific else ""
        urn = self.urn if root == "v3_0" else f"<URN>{self.urn}</URN>"
        source = f'<mes:Source xml:lang="en">{self.invented}</mes:Source>' if self.invented else ""
        return (
            f"<mes:Header><mes:ID>{self.flow.id}</mes:ID><mes:Test>{'true' if self.invented else 'false'}</mes:Test>"
            f'<mes:Prepared>{self.prepared}</mes:Prepared><mes:Sender id="{AGENCY}"/>'
            f'<mes:Structure structureID="{self.flow.id}" {namespace}'
            f'dimensionAtObservation="{self.shape.at_observation}">'
            f"<com:StructureUsage>{urn}</com:StructureUsage></mes:Structure>{source}</mes:Header>\n"
        )


def structure_specific(root: str, message: Message, datasets: Iterable[DataSet]) -> Iterator[bytes]:
    """Write structure-specific SDMX-ML of `v2_1` or `v3_0`."""
    more = (
        f'xmlns:ss="{_SCHEMAS}/{root}/data/structurespecific" xmlns:p2p="{message.namespace}" xmlns:xsi="{_INSTANCE}"'
    )
    header = message.header(root, specific=True)
    yield _opened("StructureSpecificData", root, more, header)
    for dataset in datasets:
        dated = f' ss:validFromDate="{dataset.valid_from}"' if dataset.valid_from else ""
        yield (
            f'<mes:DataSet ss:structureRef="{message.flow.id}" xsi:type="p2p:DataSetType" '
            f'{_SCOPE[root]}ss:action="Replace"{dated}>\n'
        ).encode()
        yield from _written(dataset, _specific, message.shape)
        yield b"</mes:DataSet>\n"
    yield b"</mes:StructureSpecificData>\n"


def generic(message: Message, datasets: Iterable[DataSet]) -> Iterator[bytes]:
    """Write generic SDMX-ML 2.1."""
    header = message.header("v2_1", specific=False)
    yield _opened("GenericData", "v2_1", f'xmlns:gen="{_SCHEMAS}/v2_1/data/generic"', header)
    for dataset in datasets:
        dated = f' validFromDate="{dataset.valid_from}"' if dataset.valid_from else ""
        yield f'<mes:DataSet structureRef="{message.flow.id}" action="Replace"{dated}>\n'.encode()
        yield from _written(dataset, _generic, message.shape)
        yield b"</mes:DataSet>\n"
    yield b"</mes:GenericData>\n"


def _opened(element: str, root: str, more: str, header: str) -> bytes:
    names = f'xmlns:mes="{_SCHEMAS}/{root}/message" xmlns:com="{_SCHEMAS}/{root}/common" {more}'
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f"{head}<mes:{element} {names}>\n{header}".encode()


def _written(dataset: DataSet, write: Writer, shape: Shape) -> Iterator[bytes]:
    for block in dataset.blocks:
        yield "".join(write(dataset.flow, block, shape)).encode()


def _specific(flow: Flow, block: Block, shape: Shape) -> Iterator[str]:
    names = " ".join(f'{name}="{{}}"' for name in flow.dimensions)
    if shape.keys_only:
        yield from (f"<Series {names.format(*key)}/>\n" for key, *_ in block.rows())
        return
    ways = _lines(block, shape, _SPECIFIC)
    if shape.flat:
        yield from (text for _, text in ways.of(f"<Obs {names}", block, shape))
        return
    for key, text in ways.of("<Obs", block, shape):
        yield f"<Series {names.format(*key)}>\n{text}</Series>\n"


def _generic(flow: Flow, block: Block, shape: Shape) -> Iterator[str]:
    values = "".join(f'<gen:Value id="{name}" value="{{}}"/>' for name in flow.dimensions)
    if shape.keys_only:
        whole = f"<gen:Series><gen:SeriesKey>{values}</gen:SeriesKey></gen:Series>\n"
        yield from (whole.format(*key) for key, *_ in block.rows())
        return
    if shape.flat:
        start = f"<gen:Obs><gen:ObsKey>{values}"
        yield from (text for _, text in _lines(block, shape, _GENERIC_FLAT).of(start, block, shape))
        return
    for key, text in _lines(block, shape, _GENERIC).of("<gen:Obs>", block, shape):
        yield f"<gen:Series><gen:SeriesKey>{values.format(*key)}</gen:SeriesKey>\n{text}</gen:Series>\n"


class _Words(NamedTuple):
    """How a flavour writes the parts of an observation, with a place for each text."""

    time: str
    value: str
    attribute: str
    #: Around all attributes, and at the end of the observation.
    opened: str
    closed: str
    end: str


_SPECIFIC: Final = _Words(f' {TIME}="{{}}"', f' {MEASURE}="{{}}"', ' {}="{}"', "", "", "/>\n")
_GENERIC: Final = _Words(
    '<gen:ObsDimension value="{}"/>',
    '<gen:ObsValue value="{}"/>',
    '<gen:Value id="{}" value="{}"/>',
    "<gen:Attributes>",
    "</gen:Attributes>",
    "</gen:Obs>\n",
)
_GENERIC_FLAT: Final = _GENERIC._replace(time=f'<gen:Value id="{TIME}" value="{{}}"/></gen:ObsKey>')


def _lines(block: Block, shape: Shape, words: _Words) -> Lines:
    """Put together what stands around the values; where one is missing, nothing of it is written."""
    before_value, after_value = words.value.split("{}")
    valued = [shape.measure and not missing for missing in block.missing.tolist()]
    before = [
        words.time.format(label) + before_value * shown for label, shown in zip(block.labels, valued, strict=True)
    ]
    opened, closed = (words.opened, words.closed) if shape.attributes else ("", "")
    before_date, after_date = words.attribute.format(DATED, "\0").split("\0") if DATED in shape.attributes else ("", "")
    after = []
    for shown, one in zip(valued, lines.told(block, shape), strict=True):
        attributes = "".join(words.attribute.format(name, text) for name, text in one.items() if text)
        after.append(f"{after_value * shown}{opened}{attributes}{before_date}")
    return Lines(before, after, f"{after_date}{closed}{words.end}")
