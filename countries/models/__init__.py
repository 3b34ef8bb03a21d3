"""The tables of the registry: who takes part, and reference data. Only ``countries.registry`` writes them.

Constraints of the database refuse mistakes. The ``clean`` methods find the same mistakes earlier, and explain them.
"""

from countries.models.agencies import (
    FREQUENCIES,
    OVERLAP,
    Agency,
    Annotation,
    Schedule,
    Setup,
    Threshold,
    WithdrawnAnnotation,
)
from countries.models.base import WrittenByPeople
from countries.models.credentials import (
    AGENCY_SCOPES,
    FIGURES,
    READ_ONLY,
    READ_WRITE,
    SCOPES,
    AgencyAccount,
    Credential,
    SignIn,
    SigningKey,
)
from countries.models.interventions import Draw, FixedRow, Intervention, drawn_order
from countries.models.recipients import Recipient, Webhook
from countries.models.reference import (
    Country,
    Detail,
    HelpService,
    Indicator,
    IndicatorTranslation,
    Network,
    PastPopulation,
    Population,
    ReferenceVersion,
    first_steps,
    named_country,
    page_languages,
)

__all__ = [
    "AGENCY_SCOPES",
    "FIGURES",
    "FREQUENCIES",
    "OVERLAP",
    "READ_ONLY",
    "READ_WRITE",
    "SCOPES",
    "Agency",
    "AgencyAccount",
    "Annotation",
    "Country",
    "Credential",
    "Detail",
    "Draw",
    "FixedRow",
    "HelpService",
    "Indicator",
    "IndicatorTranslation",
    "Intervention",
    "Network",
    "PastPopulation",
    "Population",
    "Recipient",
    "ReferenceVersion",
    "Schedule",
    "Setup",
    "SignIn",
    "SigningKey",
    "Threshold",
    "Webhook",
    "WithdrawnAnnotation",
    "WrittenByPeople",
    "drawn_order",
    "first_steps",
    "named_country",
    "page_languages",
]
