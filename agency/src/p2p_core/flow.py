"""The SDMX dataflow with the public view: the one place for its identity and its media types."""

from typing import Final, NamedTuple

#: The agency that maintains the structures, and the version of all of them.
AGENCY: Final = "P2PEU"
VERSION: Final = "1.0.0"
#: Schemes of organisations always have this version, as the standard requires.
SCHEME_VERSION: Final = "1.0"
FLOW: Final = "P2P"
STRUCTURE: Final = "DSD_P2P"


def reference(name: str) -> str:
    """A structure as messages name it: agency, id and version."""
    return f"{AGENCY}:{name}({VERSION})"


def agreement(provider: str) -> str:
    """The id of the agreement under which an agency provides data."""
    return f"PA_{provider}"


class Format(NamedTuple):
    """A format of messages. ``word`` is its name in a link. The first version is its own, others mean the same."""

    word: str
    media_type: str
    versions: tuple[str, ...]
    #: Media types without SDMX in their name that mean it too.
    plain: tuple[str, ...] = ()

    @property
    def content_type(self) -> str:
        return f"{self.media_type};version={self.versions[0]}"

    @property
    def title(self) -> str:
        """As people name it: SDMX-CSV 2.0."""
        return f"SDMX-{'ML' if self.word == 'xml' else self.word.upper()} {self.versions[-1]}"


_SDMX: Final = "application/vnd.sdmx."
_XML: Final = ("application/xml", "text/xml")
SDMX_CSV: Final = f"{_SDMX}data+csv"

XML_DATA_21: Final = Format("xml", f"{_SDMX}structurespecificdata+xml", ("2.1",), _XML)
XML_DATA_30: Final = Format("xml", f"{_SDMX}data+xml", ("3.0.0", "3.0"), _XML)
CSV_10: Final = Format("csv", SDMX_CSV, ("1.0.0", "1.0"), ("text/csv",))
CSV_20: Final = Format("csv", SDMX_CSV, ("2.0.0", "2.0"), ("text/csv",))
JSON_DATA: Final = Format("json", f"{_SDMX}data+json", ("2.0.0", "2.0"), ("application/json",))
#: The formats of data of both versions of SDMX-REST, the preferred one first.
DATA_21: Final = (XML_DATA_21, CSV_10)
DATA_30: Final = (XML_DATA_30, CSV_20, JSON_DATA)

XML_21: Final = Format("xml", f"{_SDMX}structure+xml", ("2.1",), _XML)
XML_30: Final = Format("xml", f"{_SDMX}structure+xml", ("3.0.0", "3.0"), _XML)
JSON: Final = Format("json", f"{_SDMX}structure+json", ("2.0.0", "2.0"), ("application/json",))

XSD_21: Final = Format("xsd", f"{_SDMX}schema+xml", ("2.1",), _XML)
XSD_30: Final = Format("xsd", f"{_SDMX}schema+xml", ("3.0.0", "3.0"), _XML)
