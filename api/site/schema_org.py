"""The data sets in the words of schema.org, for search engines: what the catalogue says, under the same addresses."""

from datetime import date, datetime
from typing import Any, Final

import msgspec

from api import datasets
from api.datasets import FORMS, Dataset, Form, Inventory

_Part = dict[str, Any]

#: What would end a script or begin a comment in it; JSON has another way to write each.
_ESCAPED: Final = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&\u2028\u2029"}


def json_ld(inventory: Inventory, origin: str) -> str:
    """JSON-LD that can stand in a page."""
    parts = [
        _catalogue(inventory, origin),
        _publisher(inventory, origin),
        *(_dataset(one, origin) for one in inventory.datasets),
    ]
    document = {"@context": "https://schema.org/", "@graph": parts}
    return msgspec.json.encode(document).decode().translate(_ESCAPED)


def _catalogue(inventory: Inventory, origin: str) -> _Part:
    return {
        "@type": "DataCatalog",
        "@id": _address(origin, "catalog"),
        "name": datasets.title_with_notice(datasets.TITLE, invented=inventory.invented),
        "description": datasets.with_notice(datasets.ABOUT, invented=inventory.invented),
        **_shared(origin),
        "dataset": [_named(origin, one.key) for one in inventory.datasets],
    }


def _publisher(inventory: Inventory, origin: str) -> _Part:
    name, page, email = inventory.publisher
    reached = {"email": email} if email else {}
    return {
        "@type": "Organization",
        "@id": _address(origin, "publisher"),
        "name": name,
        "url": page or f"{origin}/about/",
        **reached,
    }


def _dataset(dataset: Dataset, origin: str) -> _Part:
    return {
        "@type": "Dataset",
        "@id": _address(origin, dataset.key),
        "identifier": _address(origin, dataset.key),
        "name": dataset.title,
        "description": dataset.description,
        **_shared(origin),
        "temporalCoverage": "/".join(map(_moment, dataset.extent)),
        "spatialCoverage": {"@type": "CountryNumbers", "name": "Europe"},
        "variableMeasured": {"@type": "PropertyValue", "name": dataset.indicator.name},
        "measurementTechnique": datasets.PROVENANCE,
        "datePublished": dataset.span.issued.date().isoformat(),
        "dateModified": dataset.modified.isoformat(),
        "includedInDataCatalog": _named(origin, "catalog"),
        "distribution": [_download(dataset, form, origin) for form in FORMS],
    }


def _shared(origin: str) -> _Part:
    """Return what the catalogue and each data set say alike."""
    return {
        "url": f"{origin}/data/",
        "license": datasets.LICENCE,
        "creator": _named(origin, "publisher"),
        "publisher": _named(origin, "publisher"),
        "isAccessibleForFree": True,
        "inLanguage": "en",
        "keywords": datasets.KEYWORDS,
    }


def _download(dataset: Dataset, form: Form, origin: str) -> _Part:
    return {
        "@type": "DataDownload",
        "name": form.title,
        "encodingFormat": form.media_type,
        "contentUrl": f"{origin}/{dataset.address(form)}",
    }


def _named(origin: str, key: str) -> _Part:
    return {"@id": _address(origin, key)}


def _address(origin: str, key: str) -> str:
    return f"{origin}/catalog#{key}"


def _moment(moment: date | datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
