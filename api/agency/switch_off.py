"""Switches off the messages to a mailbox. The token in the link of a message is the permission, without a sign-in."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables

from api.agency.page import OpenPage
from federation.notifications import recipients


# Mail programs post without a cookie (RFC 8058), so there is no CSRF token. A page elsewhere does not know the token.
@method_decorator(csrf_exempt, name="dispatch")
class SwitchOff(OpenPage):
    """Shows what would be switched off. Only a POST does it, because programs that check links open each of them."""

    def get(self, _request: HttpRequest, token: str) -> HttpResponse:
        return self._show(recipients.of_token(token))

    @method_decorator(sensitive_variables("token"))
    def post(self, _request: HttpRequest, token: str) -> HttpResponse:
        recipient = recipients.of_token(token)
        if recipient:
            recipients.switch_off(recipient)
        return self._show(recipient)

    def _show(self, recipient: Any) -> HttpResponse:
        return self.page("switch_off", status=200 if recipient else 410, recipient=recipient)
