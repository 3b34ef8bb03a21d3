"""The settings of an installation, with what tests do otherwise. Programs that tests start do not use this."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS, MIDDLEWARE, PASSWORD_HASHERS, STORAGES

# Django's tests call its command `flush` after each test that commits. The last app of a name wins.
INSTALLED_APPS = [*INSTALLED_APPS, "tests.as_migrated"]

# Requests act as their database role on the connection of the test.
MIDDLEWARE = ["tests.acting.as_web", *MIDDLEWARE]

# Each test client would list all static files first. This looks for one when it is asked for.
WHITENOISE_AUTOREFRESH = True

# The default hasher takes a third of a second for each password.
PASSWORD_HASHERS = ["countries.accounts.credentials.CredentialHasher", *PASSWORD_HASHERS]

# Tests that write the files of all data name a folder of their own. The others must not find those of an installation.
STORAGES = {**STORAGES, "files": {**STORAGES["files"], "OPTIONS": {"location": "/nonexistent"}}}
