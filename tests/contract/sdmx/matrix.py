"""The table of the calls that clients make, as ``docs/reference/sdmx.md`` has it.

``python -m tests.contract.sdmx.matrix`` prints it.
"""

from collections.abc import Iterator
from importlib.metadata import version

from tests.contract.sdmx import clients_data, clients_structures

CLIENTS = [("sdmx1", "2.1"), ("sdmx1", "3.0"), ("pysdmx", "2.1"), ("pysdmx", "3.0")]
_WHEN = "2026-11-24T00:00:00.482Z"


def table() -> str:
    """Return the table: a row for each call, by client and root."""
    lines = ["| client | root | format | call | |", "|---|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {row} |" for row in _rows())])


def _rows() -> Iterator[str]:
    for client, root in CLIENTS:
        of_structures = [one for one in clients_structures.CALLS if (one.client, one.root) == (client, root)]
        for call in [*of_structures, *clients_data.calls(client, root, _WHEN)]:
            said = call.name.replace("|", "\\|")
            # Of what is not there, clients are to say so.
            raised = isinstance(call.gives, str) and call.gives != "everything"
            found = f"raises `{call.gives}`" if raised else "read"
            yield f"{client} {version(client)} | {root} | {call.form} | `{said}` | {found}"


if __name__ == "__main__":
    print(table())  # noqa: T201
