from django.db import models


class Traffic(models.TextChoices):
    """What a message is for. What comes first is sent first, whatever waits in the others."""

    OTP = "otp", "One-time password"
    TRANSACTIONAL = "transactional"
    PROMOTIONAL = "promotional"
