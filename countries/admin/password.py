"""Asks once more for the password of who is signed in, before something is done that a borrowed session must not do."""

from typing import Final

from django import forms


class PasswordField(forms.CharField):
    """The own password; it is never shown back."""

    WRONG: Final = "That is not your password."

    def __init__(self) -> None:
        super().__init__(
            label="Your password",
            strip=False,
            widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
            help_text="The password of your own account, which confirms that it is you.",
        )
