"""Structure messages in SDMX-ML 2.1: references are elements, and what there is is a content constraint."""

from typing import ClassVar, Final

from api.sdmx.artefacts import KINDS, Agreement
from api.sdmx.flows import AGENCY, MEASURE, SCHEME_VERSION, VERSION, Attribute
from api.sdmx.markup import element
from api.sdmx.structure_xml import Writer
from api.sdmx.structures import CONCEPT_SCHEME, PROVIDERS


class _Writer21(Writer):
    generation = "v2_1"
    groups: ClassVar = (
        ("OrganisationSchemes", ("agencyscheme", "dataproviderscheme")),
        ("Dataflows", ("dataflow",)),
        ("Codelists", ("codelist",)),
        ("Concepts", ("conceptscheme",)),
        ("DataStructures", ("datastructure",)),
        ("Constraints", ("contentconstraint",)),
        ("ProvisionAgreements", ("provisionagreement",)),
    )
    measure = "PrimaryMeasure"
    relationship = element(
        "str:AttributeRelationship", {}, element("str:PrimaryMeasure", {}, element("Ref", {"id": MEASURE}))
    )
    cube = "com"

    def refer(self, kind: str, name: str) -> str:
        """Return a reference to an artefact of ours."""
        package, called, _ = KINDS[kind]
        return element("Ref", {"id": name, "version": VERSION, "agencyID": AGENCY, "package": package, "class": called})

    def refer_to_concept(self, name: str) -> str:
        """Return a reference to a concept."""
        return element(
            "Ref",
            {
                "id": name,
                "maintainableParentID": CONCEPT_SCHEME.id,
                "maintainableParentVersion": VERSION,
                "agencyID": AGENCY,
                "package": "conceptscheme",
                "class": "Concept",
            },
        )

    def usage(self, attribute: Attribute) -> dict[str, str | None]:
        """Return how it says whether an attribute must be there."""
        return {"assignmentStatus": "Mandatory" if attribute.mandatory else "Conditional"}

    def role(self) -> dict[str, str | None]:
        """Return how it says that a constraint tells what there is."""
        return {"type": "Actual"}

    def agreement(self, agreement: Agreement) -> str:
        """Return what a provision agreement is about."""
        provider = element(
            "Ref",
            {
                "id": agreement.provider,
                "maintainableParentID": PROVIDERS.id,
                "maintainableParentVersion": SCHEME_VERSION,
                "agencyID": AGENCY,
                "package": "base",
                "class": "DataProvider",
            },
        )
        usage = element("str:StructureUsage", {}, self.refer("dataflow", agreement.flow.id))
        return usage + element("str:DataProvider", {}, provider)


writer: Final = _Writer21()
