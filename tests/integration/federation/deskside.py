"""What the tests of the desk share: accounts, and a federation in which reports are held."""

from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import Group, User
from django.urls import reverse

from federation.intake.evidence import Evidence, SignedBy
from federation.models.submissions import Report, Signature
from tests import factories, reporting
from tests.integration.federation.world import Said

NOW = datetime(2026, 11, 25, 12, 0, 30, tzinfo=UTC)
HOUR = datetime(2026, 11, 25, 10, tzinfo=UTC)
WEEK = timedelta(weeks=1)
NORWAY = (578, 1)


def account(name, group):
    """Somebody of a group of the desk."""
    user = User.objects.create_user(name, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


def submit(agency, *said, at=NOW, signature=None):
    return reporting.submit(agency, [one.as_new() for one in said], at, at, signature=signature)


def hour(value, *, weeks=0, hours=0):
    return Said("H", HOUR - weeks * WEEK + timedelta(hours=hours), {NORWAY: value})


def held(agency, hours=0):
    """A report that is held, after five weeks as usual."""
    factories.IndicatorFactory.create()
    submit(agency, *(hour(100, weeks=weeks, hours=hours) for weeks in range(1, 6)))
    submit(agency, hour(5000, hours=hours), at=NOW + timedelta(seconds=1))
    return Report.objects.get(agency=agency, state="held", period=HOUR + timedelta(hours=hours))


def address(model, view="changelist", *args):
    return reverse(f"admin:federation_{model}_{view}", args=args)


def told(answer):
    """What the desk says at the top of a page."""
    return [str(message) for message in answer.context["messages"]]


def signed(agency):
    """What is kept of the signature of a submission that is made so."""
    factories.IndicatorFactory.create()
    key = factories.SigningKeyFactory.create(agency=agency)
    by = SignedBy(key.keyid, key.fingerprint)
    submit(agency, hour(5), signature=Evidence(key.pk, by, '"@method": POST', bytes(64)))
    return Signature.objects.select_related("key").get()
