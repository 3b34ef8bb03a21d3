"""Who gets each kind of notification, and when: at once, or in the digest of the day."""

from typing import Final, NamedTuple

from federation.models.notifications import Kind


class Route(NamedTuple):
    """``at_once``: nothing waits for the digest. An agency's webhooks get at once what the agency gets at all."""

    at_once: bool
    to_agency: bool = True
    to_coordinators: bool = True


ROUTES: Final = {
    Kind.SILENT: Route(at_once=True),
    Kind.SILENCE_OVER: Route(at_once=True),
    Kind.HELD: Route(at_once=True),
    Kind.RELEASED: Route(at_once=True),
    Kind.REJECTED: Route(at_once=True),
    Kind.RESOLVED: Route(at_once=True),
    Kind.OPENED: Route(at_once=False),
    Kind.ANSWERED: Route(at_once=False, to_agency=False),
    Kind.REFUSED: Route(at_once=False),
    Kind.ENDING: Route(at_once=False),
}
AT_ONCE: Final = [kind for kind, route in ROUTES.items() if route.at_once]
DAILY: Final = [kind for kind, route in ROUTES.items() if not route.at_once]
TO_AGENCY: Final = [kind for kind, route in ROUTES.items() if route.to_agency]
TO_COORDINATORS: Final = [kind for kind, route in ROUTES.items() if route.to_coordinators]
