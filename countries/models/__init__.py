"""Who takes part, and reference data. Only ``registry`` writes these tables.

Mistakes are refused by the database first; ``clean`` says the same earlier and in words.
"""

from countries.models.agencies import (
    FREQUENCIES,
    OVERLAP,
    Agency,
    Annotation,
    Schedule,
    Setup,
    Threshold,
)
from countries.models.base import WrittenByPeople
from countries.models.credentials import (
    AGENCY_SCOPES,
    FIGURES,
    READ_ONLY,
    READ_WRITE,
    Credential,
    Liaison,
    SignIn,
    SigningKey,
)
from countries.models.reference import (
    Country,
    HelpService,
    Indicator,
    IndicatorTranslation,
    Network,
    Population,
    ReferenceVersion,
    page_languages,
)

__all__ = [
    "AGENCY_SCOPES",
    "FIGURES",
    "FREQUENCIES",
    "OVERLAP",
    "READ_ONLY",
    "READ_WRITE",
    "Agency",
    "Annotation",
    "Country",
    "Credential",
    "HelpService",
    "Indicator",
    "IndicatorTranslation",
    "Liaison",
    "Network",
    "Population",
    "ReferenceVersion",
    "Schedule",
    "Setup",
    "SignIn",
    "SigningKey",
    "Threshold",
    "WrittenByPeople",
    "page_languages",
]
