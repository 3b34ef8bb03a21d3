"""The data sets in the terms of schema.org, for search engines: the same as the catalogue, under the same addresses."""

from typing import Any, Final

import msgspec

from api import datasets
from api.datasets import FORMS, Dataset, Inventory
from federation.published.terms import LICENCE, TITLE

_Part = dict[str, Any]

#: Characters that would end a script or begin a comment in it, as JSON can also write them.
_ESCAPED: Final = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&\u2028\u2029"}


def json_ld(inventory: Inventory, origin: str) -> str:
    """JSON-LD that can stand in a page."""

    def address(key: str) -> str:
        return f"{origin}/catalog#{key}"

    shared: _Part = {
        "url": f"{origin}/data/",
        "license": LICENCE,
        "creator": {"@id": address("publisher")},
        "publisher": {"@id": address("publisher")},
        "isAccessibleForFree": True,
        "inLanguage": "en",
        "keywords": datasets.KEYWORDS,
    }
    catalogue: _Part = {
        "@type": "DataCatalog",
        "@id": address("catalog"),
        "name": datasets.title_with_notice(TITLE, invented=inventory.invented),
        "description": datasets.with_notice(datasets.ABOUT, invented=inventory.invented),
        **shared,
        "dataset": [{"@id": address(one.key)} for one in inventory.datasets],
    }
    name, page, email = inventory.publisher
    publisher: _Part = {"@type": "Organization", "@id": address("publisher"), "name": name}
    publisher |= {"url": page or f"{origin}/about/"} | ({"email": email} if email else {})
    found = [_dataset(one, address(one.key), shared, address("catalog"), origin) for one in inventory.datasets]
    document = {"@context": "https://schema.org/", "@graph": [catalogue, publisher, *found]}
    return msgspec.json.encode(document).decode().translate(_ESCAPED)


def _dataset(dataset: Dataset, address: str, shared: _Part, catalogue: str, origin: str) -> _Part:
    return {
        "@type": "Dataset",
        "@id": address,
        "identifier": address,
        "name": dataset.title,
        "description": dataset.description,
        **shared,
        "temporalCoverage": "/".join(one.isoformat().replace("+00:00", "Z") for one in dataset.extent),
        "spatialCoverage": {"@type": "Place", "name": "Europe"},
        "variableMeasured": {"@type": "PropertyValue", "name": dataset.indicator.name},
        "measurementTechnique": datasets.PROVENANCE,
        "datePublished": dataset.span.issued.date().isoformat(),
        "dateModified": dataset.modified.isoformat(),
        "includedInDataCatalog": {"@id": catalogue},
        "distribution": [
            {
                "@type": "DataDownload",
                "name": form.title,
                "encodingFormat": form.media_type,
                "contentUrl": f"{origin}/{dataset.address(form)}",
            }
            for form in FORMS
        ]
        + [
            {
                "@type": "DataDownload",
                "name": dataset.title_of(file),
                "encodingFormat": datasets.FILE_FORMS[file.media_type].media_type,
                "contentUrl": f"{origin}/files/{file.address}",
                "contentSize": f"{file.size} B",
                "sha256": file.sha256,
            }
            for file in dataset.files
        ],
    }
