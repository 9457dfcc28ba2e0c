from typing import ClassVar

from django.db import models
from django.utils.timezone import now
from uuid_utils.compat import uuid7


class NumberReview(models.Model):
    """What became of one stored phone number when it was normalised: the raw value, kept for undoing, and why.

    Not tenant-scoped: a user's number belongs to no tenant. No foreign key: the row may be merged into another.
    """

    class Subject(models.TextChoices):
        CONTACT = "contact"
        USER = "user"
        MESSAGE = "message"

    class Outcome(models.TextChoices):
        KEPT = "kept", "It was E.164 already"
        CHANGED = "changed"
        REFUSED = "refused", "No number, or not surely one"
        COLLIDED = "collided", "Another row has this number; left as it was"
        MERGED = "merged", "Another row has this number; joined to it"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    run_id = models.UUIDField(help_text="Which call of the command; resuming goes on with the same.")
    subject = models.CharField(max_length=10, choices=Subject)
    subject_id = models.UUIDField()
    tenant_id = models.UUIDField(null=True)
    raw = models.CharField(max_length=64)
    result = models.CharField(max_length=16, blank=True, help_text='E.164; "" when it was refused.')
    outcome = models.CharField(max_length=10, choices=Outcome)
    reason = models.CharField(max_length=200, blank=True)
    metadata_version = models.CharField(max_length=20, help_text="Of the phonenumbers library.")
    created_at = models.DateTimeField(default=now)

    class Meta:
        constraints: ClassVar = [
            # used by normalize_phone_numbers: a batch that is written again after a kill reports each row once
            models.UniqueConstraint(fields=["run_id", "subject", "subject_id"], name="number_reviewed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.raw} {self.outcome}"
