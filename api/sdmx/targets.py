"""What the path of a data or availability query names: one flow of ours, and what comes after it."""

from typing import Final, NamedTuple

from api.problems import Problem
from api.sdmx import structures, versions
from api.sdmx.artefacts import Agreement
from api.sdmx.flows import AGENCY, FLOWS, VERSION, Flow

CONTEXTS: Final = ("dataflow", "datastructure", "provisionagreement")
#: Who provides the combined view, by any of the names that the older generation gives a provider.
_PROVIDERS: Final = frozenset({"all", AGENCY, f"{AGENCY},{AGENCY}", f"all,{AGENCY}"})


class Target(NamedTuple):
    """A flow, the key as it was given, and the components that availability is asked for (empty: all)."""

    flow: Flow
    key: str
    component: str


def of_root_2(path: str) -> Target:
    """Read `{flow}[/{key}[/{provider}[/{component}]]]`, where a flow may be `agency,id,version`."""
    named, key, provider, component = _parts(path, 4)
    agency, name, version = _flow_named(named)
    wanted = versions.of_the_older(version.lower())
    if wanted is None or not name:
        raise Problem("bad_sdmx_query", detail="Name a flow as P2P, P2PEU,P2P or P2PEU,P2P,1.0.0.")
    if agency.lower() not in ("all", AGENCY.lower()) or name not in FLOWS or not wanted(VERSION):
        raise _no_flow()
    if (provider or "all") not in _PROVIDERS:
        raise _of_provider(provider.rpartition(",")[2])
    return Target(FLOWS[name], key, component)


def of_root_3(path: str) -> Target:
    """Read `{context}/{agency}/{id}/{version}[/{key}[/{component}]]`; what is left out at the end is any."""
    context, agency, name, version, key, component = _parts(path, 6)
    wanted = [versions.of_the_newer(one) for one in (version or "*").split(",")]
    contexts = CONTEXTS if context in ("", "*") else tuple(context.split(","))
    if not all(wanted) or not set(contexts) <= set(CONTEXTS):
        raise Problem(
            "bad_sdmx_query",
            detail=f"The path is context, agency, id, version and key; a context is one of "
            f"{', '.join(CONTEXTS)}, or *.",
        )
    if not _is_among(AGENCY, agency) or not any(one(VERSION) for one in wanted if one):
        raise _no_flow()
    return Target(_one_flow(contexts, name), key or "*", component)


def _parts(path: str, count: int) -> list[str]:
    parts = path.removesuffix("/").split("/")
    if len(parts) > count:
        raise Problem("bad_sdmx_query", detail=f"The path has more than the {count} parts that there are.")
    return parts + [""] * (count - len(parts))


def _flow_named(text: str) -> tuple[str, str, str]:
    parts = text.split(",")
    if len(parts) == 1:
        return "all", parts[0], "latest"
    if len(parts) > 3:
        raise Problem("bad_sdmx_query", detail="Name a flow as P2P, P2PEU,P2P or P2PEU,P2P,1.0.0.")
    return parts[0], parts[1], parts[2] if len(parts) == 3 else "latest"


def _is_among(one: str, text: str) -> bool:
    return text in ("", "*") or one in text.split(",")


def _one_flow(contexts: tuple[str, ...], name: str) -> Flow:
    named = {
        "dataflow": {flow.id: flow for flow in FLOWS.values()},
        "datastructure": {flow.dsd: flow for flow in FLOWS.values()},
        "provisionagreement": {flow.agreement: flow for flow in FLOWS.values()},
    }
    found = {
        flow.id: flow for context in contexts for called, flow in named[context].items() if _is_among(called, name)
    }
    if len(found) > 1:
        raise Problem("not_implemented", detail="Ask for one flow at a time.")
    if not found:
        agreements = [one.id for one in structures.structures().artefacts if isinstance(one, Agreement)]
        raise _not_published() if "provisionagreement" in contexts and name in agreements else _no_flow()
    return next(iter(found.values()))


def _of_provider(name: str) -> Problem:
    providers = {item.id for item in structures.structures().scheme(structures.PROVIDERS).items}
    return _not_published() if name in providers else _no_flow()


def _no_flow() -> Problem:
    return Problem("unknown_structure", detail=f"The flows here are {' and '.join(FLOWS)} of {AGENCY}, {VERSION}.")


def _not_published() -> Problem:
    return Problem("agency_not_published")
