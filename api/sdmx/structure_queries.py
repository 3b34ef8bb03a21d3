"""Structure queries, read strictly out of an address, as REST 1.5 (root 2.1) and REST 2.x (root 3.0) write them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from api.problems import Problem
from api.sdmx import versions
from api.sdmx.artefacts import KINDS
from api.sdmx.resolution import DETAILS, DIRECTIONS, Query

Given = Mapping[str, str]

_OURS: Final = (
    "agencyscheme", "codelist", "conceptscheme", "dataflow", "dataproviderscheme", "datastructure",
    "provisionagreement",
)  # fmt: skip
_LISTS: Final = frozenset(kind for kind in _OURS if KINDS[kind].item)
_COMMON: Final = frozenset({
    *_OURS, "metadatastructure", "categoryscheme", "dataconsumerscheme", "organisationunitscheme", "metadataflow",
    "reportingtaxonomy", "process", "categorisation", "transformationscheme", "rulesetscheme",
    "userdefinedoperatorscheme", "customtypescheme", "namepersonalisationscheme", "vtlmappingscheme",
})  # fmt: skip
_OLDER: Final = _COMMON | {
    "hierarchicalcodelist", "structureset", "contentconstraint", "actualconstraint", "allowedconstraint",
    "attachmentconstraint", "namealiasscheme", "organisationscheme",
}  # fmt: skip
_NEWER: Final = _COMMON | {
    "hierarchy", "hierarchyassociation", "valuelist", "metadataproviderscheme", "metadataprovisionagreement",
    "structuremap", "representationmap", "conceptschememap", "categoryschememap", "organisationschememap",
    "reportingtaxonomymap", "dataconstraint", "metadataconstraint",
}  # fmt: skip

_AGENCY: Final = re.compile(r"[A-Za-z][\w-]*(\.[A-Za-z][\w-]*)*", re.ASCII)
_ID: Final = re.compile(r"[\w@$-]+", re.ASCII)
_ITEM: Final = re.compile(r"[\w@$-]+(\.[\w@$-]+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Grammar:
    """How a generation of the standard writes what is asked for."""

    #: The word for everything, and what stands between several.
    every: str
    between: str
    types: frozenset[str]
    #: Types that stand for several of ours.
    several: Mapping[str, tuple[str, ...]]
    version: Callable[[str], versions.Wanted | None]
    latest: str
    details: tuple[str, ...]
    directions: tuple[str, ...]
    agencies: bool
    parameters: tuple[str, ...] = ("detail", "references", "format")

    def read(self, segments: list[str], given: Given) -> Query:
        """Return what is asked for: type, agency, id, version and items, and the parameters."""
        kind, agency, name, version, items = _padded(segments, self)
        kinds = self.kinds(kind)
        return Query(
            kinds=kinds,
            agency=self._any_of(agency, _AGENCY, "an agency"),
            id=self._any_of(name, _ID, "an id"),
            version=self._version(version),
            items=self._items(items, kinds),
            references=self._references(given.get("references", "none")),
            detail=self._detail(given.get("detail", "full")),
            agencies=self.agencies,
        )

    def kinds(self, kind: str) -> frozenset[str]:
        """Return the types of ours that a type stands for."""
        if kind in _OURS:
            return frozenset({kind})
        if kind in self.several:
            return frozenset(self.several[kind])
        if kind in self.types:
            raise Problem("not_implemented", detail=f"There are no structures of this type here; {_THERE_ARE}.")
        raise Problem("not_found", detail=f"SDMX has no structures of this type; {_THERE_ARE}.")

    def _any_of(self, text: str, form: re.Pattern[str], what: str) -> Callable[[str], bool]:
        if text == self.every:
            return lambda _: True
        names = self._names(text, form, what)
        return lambda name: name in names

    def _names(self, text: str, form: re.Pattern[str], what: str) -> frozenset[str]:
        names = text.split(self.between)
        if not all(map(form.fullmatch, names)):
            raise Problem("bad_sdmx_query", detail=f"Where {what} should be is none; use {self.every} for all.")
        return frozenset(names)

    def _version(self, text: str) -> versions.Wanted:
        wanted = [self.version(one) for one in dict.fromkeys(text.split(self.between))]
        if not all(wanted):
            raise Problem("bad_sdmx_query", detail=f"Where a version should be is none; {self.latest} is the latest.")
        return lambda version: any(one(version) for one in wanted if one)

    def _items(self, text: str, kinds: frozenset[str]) -> frozenset[str] | None:
        if text == self.every:
            return None
        if not kinds & _LISTS:
            raise Problem("bad_sdmx_query", detail="Only lists have items: leave the last part of the path out.")
        return self._names(text, _ITEM, "an item")

    def _detail(self, text: str) -> str:
        if text.lower() not in self.details:
            raise Problem("bad_parameter", detail=f"Use one of {', '.join(self.details)}.", parameter="detail")
        return text.lower()

    def _references(self, text: str) -> frozenset[str]:
        words = text.lower().split(",") if self.between == "," else [text.lower()]
        if not all(word in self.directions or word in self.types for word in words):
            known = ", ".join(self.directions)
            raise Problem("bad_parameter", detail=f"Use {known}, or a type of structure.", parameter="references")
        types = [one for word in words if word in self.types for one in self.several.get(word, (word,))]
        return frozenset((*types, *(word for word in words if word in self.directions)))


_THERE_ARE: Final = f"there are {', '.join(_OURS)}"


def _padded(segments: list[str], grammar: Grammar) -> tuple[str, str, str, str, str]:
    """Return the parts of the path, those left out as what they mean then."""
    if len(segments) > 5:
        raise Problem("bad_sdmx_query", detail="The path is type, agency, id, version and item.")
    every = grammar.every
    kind, agency, name, version, items = segments + [every, every, every, grammar.latest, every][len(segments) :]
    return kind, agency, name, version, items


OLDER: Final = Grammar(
    every="all",
    between="+",
    types=_OLDER,
    several={"structure": _OURS, "organisationscheme": ("agencyscheme", "dataproviderscheme")},
    version=versions.of_the_older,
    latest="latest",
    details=tuple(detail for detail in DETAILS if detail != "raw"),
    directions=tuple(direction for direction in DIRECTIONS if direction != "ancestors"),
    agencies=False,
)
# "all" for any type is in an example of the standard's own text. Where clients find no code list they look for a list
# of values, so that there is none is told like that.
NEWER: Final = Grammar(
    every="*",
    between=",",
    types=_NEWER,
    several={"*": _OURS, "all": _OURS, "valuelist": ("valuelist",)},
    version=versions.of_the_newer,
    latest="~",
    details=DETAILS,
    directions=DIRECTIONS,
    agencies=True,
    parameters=("detail", "references", "format", "asOf"),
)
