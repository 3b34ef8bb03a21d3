"""What standard clients, unmodified, read of the data: calls with a name, and which observations each must give.

``python -m tests.contract.sdmx.clients_data <client> <root> <address> <instant>`` makes the calls of a client at a root
and prints what they gave, as JSON. Clients are imported in the calls only, as some of them do not go together.
"""

import json
import sys
import warnings
from typing import Any

from tests.contract.sdmx.clients_structures import JSON_20, ML_21, ML_30, Call, _client

GENERIC, CSV_10, CSV_20, DRAFT = "SDMX-ML 2.1 generic", "SDMX-CSV 1.0", "SDMX-CSV 2.0", "SDMX-JSON 1.0 (draft)"
PLACE = ("FREQ", "INDICATOR", "COUNTRY", "NETWORK", "TIME_PERIOD")
URN = "urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=P2PEU:P2P(1.0.0)"
EVERYTHING = {"country": "NO,SE,EUROPE", "network": "_T,BITTORRENT"}
#: Which cells of days must be given, as parameters of the API. The server puts in the times.
NORWAY = {"country": "NO", "network": "_T"}
BOTH = {"country": "NO,SE", "network": "_T"}
OF_NORWAY = {"country": "NO", "network": "_T,BITTORRENT"}
BEFORE = NORWAY | {"as_of": "{first}"}
SERIES = ["D.DOWNLOADS.NO.BITTORRENT", "D.DOWNLOADS.NO._T", "D.DOWNLOADS.SE._T"]


def _told(frame: Any) -> dict[str, int | None]:
    """Return the values of a series of pandas by key and period, whatever the order of its levels."""
    frame = frame.reset_index() if hasattr(frame, "reset_index") else frame
    rows = frame.to_dict("records")
    value = "value" if "value" in frame.columns else "OBS_VALUE"
    return {".".join(str(row[name]) for name in PLACE): _number(row[value]) for row in rows}


def _number(value: Any) -> int | None:
    return None if value is None or value != value or value == "" else int(float(value))  # noqa: PLR0124  NaN is not itself


def _pandas(message: Any, **more: Any) -> dict[str, int | None]:
    import sdmx

    found = sdmx.to_pandas(message, **more)
    # With history there is a series for each data set: the last word on each observation counts.
    parts = found if isinstance(found, list) else [found]
    return {place: value for part in parts for place, value in _told(part).items()}


def _keys(series: Any) -> list[str]:
    return sorted(".".join(str(one.values[name].value) for name in PLACE[:4]) for one in series)


def _values(constraint: Any, component: str) -> list[str]:
    [content] = constraint.data_content_region
    return sorted(
        str(getattr(value, "value", value))
        for dimension, selection in content.member.items()
        if str(getattr(dimension, "id", dimension)) == component
        for value in selection.values
    )


def _with_structure(client: Any) -> Any:
    structure = client.dataflow("P2P").structure["DSD_P2P"]
    return _pandas(client.data("P2P", key="D.DOWNLOADS.NO._T", dsd=structure))


def _sdmx1_21(first: str) -> list[Call]:
    since = {"updatedAfter": first, "includeHistory": True}
    whole = {"FREQ": "D", "INDICATOR": "DOWNLOADS", "COUNTRY": "NO+SE", "NETWORK": "_T"}
    key, base = "D.DOWNLOADS.NO._T", "data/P2P/D.DOWNLOADS.NO._T"

    def call(name: str, make: Any, gives: Any, form: str = ML_21) -> Call:
        return Call(name, "sdmx1", "2.1", form, make, gives)

    def got(client: Any, path: str) -> Any:
        return _pandas(client.get(url=f"{client.source.url}/{path}"))

    return [
        call('data("P2P")', lambda c: _pandas(c.data("P2P")), "everything"),
        call(
            'data("P2P", key={"FREQ": "D", …, "COUNTRY": "NO+SE"})', lambda c: _pandas(c.data("P2P", key=whole)), BOTH
        ),
        call(
            'data("P2P", key={…}, params={"startPeriod": …, "endPeriod": …})',
            lambda c: _pandas(
                c.data("P2P", key=whole, params={"startPeriod": "2026-11-02", "endPeriod": "2026-11-02"})
            ),
            BOTH | {"start": "2026-11-02", "end": "2026-11-02"},
        ),
        call(
            'data("P2P", key=…, params={"updatedAfter": …, "includeHistory": True})',
            lambda c: _pandas(c.data("P2P", key=key, params=since)),
            NORWAY | {"start": "2026-11-02"},
        ),
        call('series_keys("P2P")', lambda c: _keys(c.series_keys("P2P")), SERIES),
        call(
            'preview_data("P2P", {"COUNTRY": "NO"})',
            lambda c: _keys(c.preview_data("P2P", {"COUNTRY": "NO"})),
            SERIES[:2],
        ),
        call('data("P2P", key=…, dsd=…)', _with_structure, NORWAY),
        call(
            'availableconstraint("P2P", key="D.DOWNLOADS..", force=True)',
            lambda c: _values(
                c.availableconstraint("P2P", key="D.DOWNLOADS..", force=True).constraint["AVAILABLE_P2P"], "COUNTRY"
            ),
            ["NO", "SE"],
        ),
        call("get(url=…?asOf=…)", lambda c: got(c, f"{base}?asOf={first}"), BEFORE),
        call(
            'data("P2P_VINTAGE", key="D.DOWNLOADS.NO._T.<instant>")',
            lambda c: _pandas(c.data("P2P_VINTAGE", key=f"{key}.{first}")),
            BEFORE,
        ),
        call("get(url=…) of generic data", lambda c: got(c, f"{base}?format=genericxml"), NORWAY, GENERIC),
        call("get(url=…) of JSON", lambda c: got(c, f"{base}?format=draftjson"), NORWAY, DRAFT),
        call(
            'data("P2P", …) of nothing',
            lambda c: _pandas(c.data("P2P", key=key, params={"startPeriod": "2090"})),
            {},
        ),
    ]


def _sdmx1_30(first: str) -> list[Call]:
    key = "D.DOWNLOADS.NO._T"

    def call(name: str, make: Any, gives: Any, form: str = ML_30) -> Call:
        return Call(name, "sdmx1", "3.0", form, make, gives)

    def file(client: Any) -> Any:
        import io

        import sdmx

        answer = client.session.get(f"{client.source.url}/data/dataflow/P2PEU/P2P/1.0.0/{key}?format=csv")
        flow = client.dataflow("P2P", params={"references": "descendants"}).dataflow["P2P"]
        # An empty cell is more than its reader of CSV can take.
        kept = [line for line in answer.text.splitlines() if ",,O," not in line]
        return _pandas(sdmx.read_sdmx(io.BytesIO("\r\n".join(kept).encode()), format="csv", structure=flow))

    return [
        call(
            'data("P2P", key="D.DOWNLOADS.NO.*")', lambda c: _pandas(c.data("P2P", key="D.DOWNLOADS.NO.*")), OF_NORWAY
        ),
        call('data("P2P")', lambda c: _pandas(c.data("P2P")), "everything"),
        call(
            'data("PA_P2P", context="provisionagreement", key=…)',
            lambda c: _pandas(c.data("PA_P2P", context="provisionagreement", key=key)),
            NORWAY,
        ),
        call(
            'data("P2P", key=…, params={"update_after": …})',
            lambda c: _pandas(c.data("P2P", key=key, params={"update_after": first})),
            NORWAY | {"start": "2026-11-02"},
        ),
        call(
            'availableconstraint("P2P", component_id="COUNTRY", force=True)',
            # It reads the constraint, and leaves out the values in it.
            lambda c: list(c.availableconstraint("P2P", component_id="COUNTRY", force=True).constraint),
            ["AVAILABLE_P2P"],
        ),
        call(
            'data("P2P_VINTAGE", key="D.DOWNLOADS.NO._T.<instant>")',
            lambda c: _pandas(c.data("P2P_VINTAGE", key=f"{key}.{first}")),
            BEFORE,
        ),
        call("read_sdmx(<file>, structure=<Dataflow>)", file, NORWAY | {"end": "2026-11-02"}, CSV_20),
    ]


def _read(source: Any) -> dict[str, int | None]:
    """Return what pysdmx reads, of several data sets the last word on each observation."""
    from pysdmx.io import read_sdmx

    return _joined(read_sdmx(source).data)


def _joined(datasets: Any) -> dict[str, int | None]:
    return {place: value for dataset in datasets for place, value in _told(dataset.data).items()}


def _pysdmx(first: str) -> list[Call]:
    from datetime import datetime, timedelta

    key = "D.DOWNLOADS.NO._T"
    # It sends whole seconds, cut off.
    after = datetime.fromisoformat(first) + timedelta(seconds=1)

    def rest(address: str, form: str, **asked: Any) -> bytes:
        from pysdmx.api.qb import ApiVersion, DataQuery, RestService
        from pysdmx.api.qb.data import DataContext, DataFormat

        version = ApiVersion.V1_5_0 if address.endswith("2.1") else ApiVersion.V2_2_2
        service = RestService(address, version, data_format=DataFormat[form])
        query = DataQuery(DataContext.DATAFLOW, "P2PEU", "P2P", "1.0.0", **asked)
        found: bytes = service.data(query)
        return found

    def call(name: str, root: str, form: str, make: Any, gives: Any) -> Call:
        return Call(name, "pysdmx", root, form, make, gives)

    def of_rest(root: str, form: str, written: str, gives: Any, asked: str, **more: Any) -> Call:
        service = "RestService(…, V1_5_0)" if root == "2.1" else "RestService(…, V2_2_2)"
        return call(
            f"{service}.data(DataQuery({asked}))", root, written, lambda a: _read(rest(a, form, **more).decode()), gives
        )

    def structure(address: str) -> Any:
        from pysdmx.api.qb import ApiVersion, RestService, StructureQuery, StructureType
        from pysdmx.api.qb.structure import StructureReference
        from pysdmx.io import read_sdmx

        query = StructureQuery(
            StructureType.DATAFLOW, "P2PEU", "P2P", "1.0.0", references=StructureReference.DESCENDANTS
        )
        found = RestService(address, ApiVersion.V2_2_2).structure(query)
        structures: Any = read_sdmx(found.decode()).structures
        return sorted(one.id for one in structures if one.id.startswith(("P2P", "DSD")))

    def connector(address: str) -> Any:
        from pysdmx.api.dc.rest import SdmxConnector

        return SdmxConnector(address)

    def datasets(address: str) -> Any:
        from pysdmx.io import get_datasets

        flow = "dataflow/P2PEU/P2P/1.0.0"
        root_2 = address.endswith("2.1")
        data = f"data/P2P/{key}" if root_2 else f"data/{flow}/{key}"
        return _joined(
            get_datasets(
                f"{address}/{data}", f"{address}/{'' if root_2 else 'structure/'}{flow}?references=descendants"
            )
        )

    def everything_at_once() -> dict[str, Any]:
        from pysdmx.api.dc.query import DateTimeFilter, MultiFilter, Operator, TextFilter

        filters: list[TextFilter | DateTimeFilter] = [
            TextFilter("COUNTRY", Operator.IN, ["NO", "SE"]),
            DateTimeFilter("TIME_PERIOD", Operator.GREATER_THAN_OR_EQUAL, datetime.fromisoformat("2026-11-01")),
        ]
        return {
            "key": "D.*.*.*",
            "components": MultiFilter(filters),
            "updated_after": datetime.fromisoformat("2026-01-01T00:00:00+00:00"),
            "as_of": after,
            "include_history": True,
            "offset": 2,
            "limit": 2,
        }

    return [
        of_rest("2.1", "SDMX_ML_2_1_STR", ML_21, NORWAY, "key", key=key),
        of_rest("2.1", "SDMX_ML_2_1_GEN", GENERIC, NORWAY, "key", key=key),
        of_rest("2.1", "SDMX_CSV_1_0_0", CSV_10, NORWAY, "key", key=key),
        of_rest(
            "2.1",
            "SDMX_ML_2_1_STR",
            ML_21,
            NORWAY | {"start": "2026-11-02"},
            "key, updated_after",
            key=key,
            updated_after=after,
        ),
        of_rest("3.0", "SDMX_ML_3_0", ML_30, OF_NORWAY, "key with wildcards", key="D.*.NO.*"),
        of_rest("3.0", "SDMX_CSV_2_0_0", CSV_20, OF_NORWAY, "key with wildcards", key="D.*.NO.*"),
        of_rest(
            "3.0",
            "SDMX_CSV_2_0_0",
            CSV_20,
            {"country": "NO", "network": "_T", "as_of": "{first}"},
            "key, components, updated_after, as_of, include_history, offset, limit",
            **everything_at_once(),
        ),
        call(
            "RestService(…, V2_2_2).structure(StructureQuery(DATAFLOW, …, references=DESCENDANTS))",
            "3.0",
            JSON_20,
            structure,
            ["DSD_P2P", "P2P"],
        ),
        call(
            "SdmxConnector.dataflow(urn)",
            "3.0",
            JSON_20,
            lambda a: sorted(
                code.id
                for code in next(
                    c for c in connector(a).dataflow(URN).structure.components if c.id == "COUNTRY"
                ).local_codes
            ),
            ["NO", "SE"],
        ),
        call(
            "SdmxConnector.data(urn, \"COUNTRY IN ('NO', 'SE') AND NETWORK = '_T'\")",
            "3.0",
            CSV_20,
            lambda a: {
                ".".join(row[name] for name in PLACE): _number(row["OBS_VALUE"])
                for row in connector(a).data(URN, "COUNTRY IN ('NO', 'SE') AND NETWORK = '_T'")
            },
            BOTH,
        ),
        call("read_sdmx(url)", "2.1", ML_21, lambda a: _read(f"{a}/data/P2P/{key}"), NORWAY),
        call("read_sdmx(url)", "3.0", ML_30, lambda a: _read(f"{a}/data/dataflow/P2PEU/P2P/1.0.0/{key}"), NORWAY),
        call("read_sdmx(url) of nothing", "2.1", ML_21, lambda a: _read(f"{a}/data/P2P/A..."), {}),
        call("read_sdmx(url) of nothing", "3.0", ML_30, lambda a: _read(f"{a}/data/dataflow/P2PEU/P2P/1.0.0/A"), {}),
        call("get_datasets(url, url)", "2.1", ML_21, datasets, NORWAY),
        call("get_datasets(url, url)", "3.0", ML_30, datasets, NORWAY),
        call(
            'read_sdmx(url) of P2P_VINTAGE, key="D.DOWNLOADS.NO._T.<instant>"',
            "3.0",
            ML_30,
            lambda a: _read(f"{a}/data/dataflow/P2PEU/P2P_VINTAGE/1.0.0/{key}.{first}"),
            BEFORE,
        ),
    ]


def calls(client: str, root: str, first: str) -> list[Call]:
    """Return the calls of a client at a root; ``first`` is when the first version became public."""
    made = {"sdmx1": {"2.1": _sdmx1_21, "3.0": _sdmx1_30}}.get(client, {}).get(root, _pysdmx)(first)
    return [call for call in made if call.root == root]


def made(client: str, root: str, address: str, first: str) -> dict[str, Any]:
    """Make the calls of a client at a root, one after the other."""
    to = _client(root, f"{address}/{root}") if client == "sdmx1" else f"{address}/{root}"
    return {f"{call.name} as {call.form}": call.make(to) for call in calls(client, root, first)}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(made(*sys.argv[1:])))  # noqa: T201
