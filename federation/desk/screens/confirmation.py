"""Forms that say what a change does before it is saved. The user confirms exactly that."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from countries import registry
from countries.admin.base import RegistryAdmin, RegistryForm

#: The values that the confirmation page sends in addition to the form. The form itself may send a confirmation too.
_BACK, CONFIRMED = "_back", "confirmed"


class Consequence(NamedTuple):
    """Something that a change does, in a sentence, with its single parts."""

    sentence: str
    parts: Sequence[str] = ()


class ConfirmedForm(RegistryForm):
    #: What the change does. Empty if the user has confirmed exactly this, or need not confirm it.
    unconfirmed: Sequence[Consequence] = ()
    #: What the confirmation page sends back: a digest of these, because there may be thousands of parts.
    confirmation = ""
    #: A sentence below the consequences.
    remark = ""
    #: The question to the user if the change no longer has any of the confirmed consequences.
    nothing_left = ""

    def consequences(self) -> Sequence[Consequence]:
        """What the change does. If there are none, the change is saved without a question."""
        raise NotImplementedError

    def full_clean(self) -> None:
        """Also refuse a change that the user has not confirmed, or that now does something else."""
        super().full_clean()
        if not self.is_bound or self.errors:
            return
        # The screen saves in the same transaction, so no other change of the registry comes between.
        with registry.writing():
            found = self.consequences()
        given, self.confirmation = self.data.get(CONFIRMED), digest(found)
        must_ask = bool(found) or given is not None
        if _BACK in self.data or (must_ask and given != self.confirmation):
            self.unconfirmed = found or [Consequence(self.nothing_left)]
            self.add_error(None, "Nothing was saved yet.")


def digest(found: Sequence[Consequence]) -> str:
    """What a user sends back to confirm exactly these."""
    return sha256("\n".join(text for one in found for text in (one.sentence, *one.parts)).encode()).hexdigest()


class ConfirmingAdmin(RegistryAdmin):
    """A screen whose form is a ``ConfirmedForm``."""

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask for the confirmation if nothing else is wrong with the form. *Go back* shows the form as it was sent."""
        form = context["adminform"].form
        if not form.unconfirmed:
            return super().render_change_form(request, context, *args, **kwargs)
        if _BACK in request.POST:
            form.errors.clear()
            return super().render_change_form(request, {**context, "errors": ()}, *args, **kwargs)
        given = [
            (name, value)
            for name, values in request.POST.lists()
            for value in values
            if name not in ("csrfmiddlewaretoken", CONFIRMED)
        ]
        context |= {"title": f"What this change does: {form.instance}", "subtitle": None, "opts": self.opts}
        context |= {"form": form, "given": given, "is_stale": CONFIRMED in request.POST}
        return TemplateResponse(request, "admin/federation/confirm.html", context)
