"""The estimates of registered interventions, and the events of the audit trail that registered these."""

from django.db import models
from django.db.models import Q

from countries.models import Intervention
from federation.rules.effect_result import Reason, Word

#: The words that an estimate can have. The other word depends on the time only.
_WORDS = [one.value for one in Word if one != Word.REGISTERED]
_REASONS = [one.value for one in Reason]


class Registration(models.Model):
    """The audit event that registered an intervention. Its seal shows whether this was before the start."""

    intervention = models.OneToOneField(Intervention, primary_key=True, on_delete=models.PROTECT)
    event = models.BigIntegerField()

    def __str__(self) -> str:
        return f"event {self.event}"


class Estimate(models.Model):
    """An estimate of an intervention, from one version until another.

    ``result`` is an `effect_result.Result`, and ``evidence`` is an `effect_result.Evidence`, which is much longer.
    """

    intervention = models.ForeignKey(Intervention, on_delete=models.PROTECT, related_name="estimates", db_index=False)
    word = models.CharField(max_length=14)
    reason = models.CharField(max_length=20, blank=True, default="")
    result = models.JSONField()
    evidence = models.JSONField()
    version_from = models.BigIntegerField()
    version_to = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["intervention", "version_from"], name="one_estimate"),
            models.UniqueConstraint(
                fields=["intervention"], condition=Q(version_to__isnull=True), name="one_current_estimate"
            ),
            models.CheckConstraint(condition=Q(word__in=_WORDS), name="estimate_word"),
            models.CheckConstraint(
                condition=(~Q(word=Word.CANNOT_BE_TOLD.value) & Q(reason=""))
                | Q(word=Word.CANNOT_BE_TOLD.value, reason__in=_REASONS),
                name="estimate_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.word} since version {self.version_from}"
