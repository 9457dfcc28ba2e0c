from typing import ClassVar

from django.db import models
from django.utils.timezone import now
from uuid_utils.compat import uuid7


class NumberReview(models.Model):
    """What became of one stored phone number when it was normalised: the raw value, and why.

    What was E.164 already has no row, and a refusal that is known already is not told again by every night's run.
    Not tenant-scoped: a user's number belongs to no tenant. No foreign key: the row may be merged into another.
    """

    class Subject(models.TextChoices):
        CONTACT = "contact"
        USER = "user"
        MESSAGE = "message"

    class Outcome(models.TextChoices):
        CHANGED = "changed"
        REFUSED = "refused", "No number, or not surely one"
        COLLIDED = "collided", "Another row has this number; left as it was"
        MERGED = "merged", "Another row has this number; joined to it"
        UNDONE = "undone", "Put back as it was before a run"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    run_id = models.UUIDField(help_text="Which call of the command.")
    subject = models.CharField(max_length=10, choices=Subject)
    subject_id = models.UUIDField()
    tenant_id = models.UUIDField(null=True)
    raw = models.CharField(max_length=64, help_text="What was read.")
    result = models.CharField(max_length=16, blank=True, help_text='E.164; "" when it was refused.')
    outcome = models.CharField(max_length=10, choices=Outcome)
    reason = models.CharField(
        max_length=200, blank=True, help_text="Refused: one of accounts.phone.REFUSALS. Else the id of the other row."
    )
    metadata_version = models.CharField(max_length=20, help_text="Of the phonenumbers library.")
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar = [
            # used by sms.services.normalising: what is known of a row already, and each thing once in a run
            models.UniqueConstraint(
                fields=["subject_id", "subject", "run_id", "outcome"], name="number_reviewed_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.raw} {self.outcome}"
