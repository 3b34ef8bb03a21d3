"""The estimates that lately changed their word (R402). They are found in the stored estimates when they are read."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.conf import settings
from django.db.models import OuterRef, Subquery

from federation.models.effects import Estimate
from federation.models.published import Version
from p2p_core import periods
from p2p_core.periods import Frequency
from p2p_core.rules import rulebook
from p2p_core.rules.rulebook import Subject
from p2p_core.rules.words import WordChange

#: Changes within this time are shown.
RECENT: Final = timedelta(days=60)


class ChangedWord(NamedTuple):
    """The id of an intervention, and what happened to its estimate."""

    intervention: int
    sentence: str


def changed_words(*, now: datetime) -> list[ChangedWord]:
    """The changes, the newest first."""
    limits, found = rulebook.limits(settings.THRESHOLDS), []
    known_at = Version.objects.filter(number=OuterRef("version_from")).values("known_at")
    before = Estimate.objects.filter(intervention=OuterRef("intervention"), version_to=OuterRef("version_from"))
    rows = Estimate.objects.annotate(known_at=Subquery(known_at), before=Subquery(before.values("word")))
    recent = rows.filter(known_at__gt=now - RECENT).exclude(before=None).order_by("-version_from", "intervention")
    columns = ("known_at", "intervention", "intervention__title", "before", "word")
    for known, *change in recent.values_list(*columns):
        day = periods.start_of(Frequency.DAY, known)
        for rule, facts in rulebook.judge(Subject.EFFECT, limits, WordChange(*change)):
            sentence = rulebook.say(rule, Frequency.DAY, day, day, facts)
            found.append(ChangedWord(change[0], sentence))
    return found
