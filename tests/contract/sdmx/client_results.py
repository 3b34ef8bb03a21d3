"""What the messages of SDMX clients give, as plain values that can be compared."""

from typing import Any

PLACE = ["FREQ", "INDICATOR", "COUNTRY", "NETWORK", "TIME_PERIOD"]


def cells_of(frame: Any) -> dict[str, int | None]:
    """Return the values of a frame or series of pandas by key and period, for any order of its levels."""
    frame = frame.reset_index() if hasattr(frame, "reset_index") else frame
    value = "value" if "value" in frame.columns else "OBS_VALUE"
    return by_place(row | {"OBS_VALUE": row[value]} for row in frame.to_dict("records"))


def by_place(rows: Any) -> dict[str, int | None]:
    return {".".join(str(row[name]) for name in PLACE): number_of(row["OBS_VALUE"]) for row in rows}


def number_of(value: Any) -> int | None:
    return None if value is None or value != value or value == "" else int(float(value))  # noqa: PLR0124  NaN is not itself


def ids_of(some: Any) -> list[str]:
    return [one.id for one in some]


def sorted_ids(some: Any) -> list[str]:
    return sorted(ids_of(some))


def pandas_cells(message: Any) -> dict[str, int | None]:
    import sdmx

    found = sdmx.to_pandas(message)
    # An answer without a series is an empty list.
    return cells_of(found) if len(found) else {}


def keys_of(series: Any) -> list[str]:
    return sorted(".".join(str(one.values[name].value) for name in PLACE[:4]) for one in series)


def countries_of(message: Any) -> list[str]:
    [content] = message.constraint["AVAILABLE_P2P"].data_content_region
    members = {str(getattr(dimension, "id", dimension)): selection for dimension, selection in content.member.items()}
    return sorted(str(getattr(value, "value", value)) for value in members["COUNTRY"].values)


def whole_of(message: Any) -> Any:
    """Return what an sdmx1 message has of a flow with all that goes with it."""
    structure = message.dataflow["P2P"].structure
    lists = (structure.dimensions, structure.attributes, structure.measures)
    return [structure.id, *map(ids_of, lists), sorted(message.codelist), str(message.codelist["CL_COUNTRY"]["NO"].name)]
