"""OAuth2 client credentials, each bound to one agency or one coordinator."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class CredentialHasher(PBKDF2PasswordHasher):
    """For secrets of 256 random bits: nobody guesses those, so slowness would only delay tokens."""

    algorithm = "police2peer_credential"
    iterations = 1_000
