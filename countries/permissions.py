"""Says who may read the exact figures of all countries."""

from django.contrib.auth.models import User

#: Coordinators and observers have it by their groups.
READS_FIGURES = "federation.view_figure"


def reads_figures(user: User) -> bool:
    return user.is_active and user.is_staff and user.has_perm(READS_FIGURES)
