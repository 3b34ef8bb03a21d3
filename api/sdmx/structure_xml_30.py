"""Structure messages in SDMX-ML 3.0: references are URNs, and what there is is a data constraint.

Attributes name no measure: clients stumble over it, and there is one only.
"""

from typing import ClassVar, Final

from api.sdmx import urns
from api.sdmx.artefacts import Agreement, Artefact, Constraint
from api.sdmx.flows import SCHEME_VERSION, Attribute
from api.sdmx.markup import element
from api.sdmx.structure_xml import Writer


class _Writer30(Writer):
    generation = "v3_0"
    groups: ClassVar = (
        ("AgencySchemes", ("agencyscheme",)),
        ("Codelists", ("codelist",)),
        ("ConceptSchemes", ("conceptscheme",)),
        ("DataConstraints", ("dataconstraint",)),
        ("Dataflows", ("dataflow",)),
        ("DataProviderSchemes", ("dataproviderscheme",)),
        ("DataStructures", ("datastructure",)),
        ("ProvisionAgreements", ("provisionagreement",)),
    )
    measure = "Measure"
    relationship = element("str:AttributeRelationship", {}, element("str:Observation"))
    cube = "str"

    def version(self, artefact: Artefact) -> dict[str, str | None]:
        """Return the version of an artefact; lists of organisations have one for good, and do not say it."""
        return {} if artefact.version == SCHEME_VERSION else super().version(artefact)

    def refer(self, kind: str, name: str) -> str:
        """Return a reference to an artefact of ours."""
        return urns.of(kind, name)

    def refer_to_concept(self, name: str) -> str:
        """Return a reference to a concept."""
        return urns.of_concept(name)

    def usage(self, attribute: Attribute) -> dict[str, str | None]:
        """Return how it says whether an attribute must be there."""
        return {"usage": "mandatory" if attribute.mandatory else "optional"}

    def role(self) -> dict[str, str | None]:
        """Return how it says that a constraint tells what there is."""
        return {"role": "Actual"}

    def keys(self, constraint: Constraint) -> list[str]:
        """Return the values of the dimensions, with from when until when: a range of time is more than clients read."""
        if not constraint.values or constraint.span is None:
            return super().keys(constraint)
        start, end = constraint.span
        return list(self.values(constraint, {"validFrom": start, "validTo": end}))

    def agreement(self, agreement: Agreement) -> str:
        """Return what a provision agreement is about."""
        flow = element("str:Dataflow", {}, urns.of("dataflow", agreement.flow.id))
        return flow + element("str:DataProvider", {}, urns.of_provider(agreement.provider))


writer: Final = _Writer30()
