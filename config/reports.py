"""What Django's debug pages show of a mistake: where it was made, and no values."""

import re
from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter


class NoValues(SafeExceptionReporterFilter):
    """Leaves out what addresses of servers hold, and all variables: a connection's has its password in it."""

    hidden_settings = re.compile("API|AUTH|TOKEN|KEY|SECRET|PASS|SIGNATURE|HTTP_COOKIE|URL|DATABASES", re.IGNORECASE)

    def get_traceback_frame_variables(
        self,
        request: HttpRequest | None,  # noqa: ARG002  Django gives both
        tb_frame: FrameType,  # noqa: ARG002
    ) -> ItemsView[str, Any]:
        """Return none."""
        return dict[str, Any]().items()
