"""The errors of the federation, each with the stable code of its HTTP answer."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType


class FederationError(Exception):
    """Something was refused. ``code`` names it. The sentence for people is the argument, or else the docstring."""

    code = "federation_error"
    #: After how many seconds the same request may succeed, if it can.
    retry_after: int | None = None
    #: More members of its answer.
    members: Mapping[str, object] = MappingProxyType({})

    def __str__(self) -> str:
        return str(self.args[0] if self.args else self.__doc__ or self.code).strip()


class IdempotencyKeyReusedError(FederationError):
    """This Idempotency-Key was used before with another body. Use a new key for a new submission."""

    code = "idempotency_key_reused"


class NotStoredError(FederationError):
    """The submission could not be stored, and nothing of it was kept. Send it again."""

    code = "not_stored"
    retry_after = 5


class SignatureReplayedError(FederationError):
    """This signature was used before. Sign each submission once."""

    code = "signature_replayed"


class ClocksDisagreeError(FederationError):
    """The clocks of the service disagree, so nothing is accepted, computed or published. Set them and try again."""

    code = "clocks_disagree"
    retry_after = 5

    def __init__(self, how: str) -> None:
        super().__init__(f"The clocks disagree: {how}. Set the clocks of the hosts and of the database.")


class RoundingKeyMismatchError(FederationError):
    """This process has another rounding key or base than the published view. Start it with those of the view."""

    code = "rounding_key_mismatch"


class NetworksNotPublishedError(FederationError):
    """Minutes and hours are published over all networks only: leave network out, or ask for _T."""

    code = "networks_not_published"


class DetailNotPublishedError(FederationError):
    """The sentence says at which frequencies the numbers are published."""

    code = "detail_not_published"

    def __init__(self, withheld: Sequence[Mapping[str, object]], sentence: str) -> None:
        super().__init__(sentence)
        self.members = {"withheld": withheld}


class PanelFrequencyNotPublishedError(FederationError):
    """Panels are published by the week and by the month only: ask for W or M, or leave panel out."""

    code = "panel_frequency_not_published"


class PanelNetworksNotPublishedError(FederationError):
    """Panels are published over all networks only: leave network out, or ask for _T."""

    code = "panel_networks_not_published"


class MinutesNotPublishedError(FederationError):
    """Minutes are public for two hours; ask for hours (H) or coarser periods."""

    code = "minutes_not_published"


class VintagesNotKeptError(FederationError):
    """Past views of minutes are not kept: as_of is for hours (H) and coarser periods."""

    code = "vintages_not_kept"


class AsOfInFutureError(FederationError):
    """The time of as_of has not come yet."""

    code = "as_of_in_future"


class ReasonMissingError(FederationError):
    """The reason is missing. Say why: the audit trail keeps each decision with its reason."""

    code = "reason_missing"


class PersonalTraceError(FederationError):
    """The reason contains an address, a hash or an e-mail, or is too long to check. Leave that out."""

    code = "personal_trace"


class FindingNotFoundError(FederationError):
    """There is no such finding, or it is not the agency's own."""

    code = "finding_not_found"


class FindingResolvedError(FederationError):
    """The finding is resolved, so it takes no more answers."""

    code = "finding_resolved"
