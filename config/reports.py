"""Django's debug pages show where a mistake is, and no values."""

import re
from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter


class NoValues(SafeExceptionReporterFilter):
    """Leaves out the addresses of servers, and all variables: those of a connection hold its password."""

    hidden_settings = re.compile("API|AUTH|TOKEN|KEY|SECRET|PASS|SIGNATURE|HTTP_COOKIE|URL|DATABASES", re.IGNORECASE)

    def get_traceback_frame_variables(
        self,
        request: HttpRequest | None,  # noqa: ARG002  Django gives both
        tb_frame: FrameType,  # noqa: ARG002
    ) -> ItemsView[str, Any]:
        return dict[str, Any]().items()
