from django.db import models


class MissedChange(models.Model):
    """An inbox changed while Redis could not be told; the sweeper makes up for it. No foreign key: the person may be
    gone by then, and what is stored for them ends all the same."""

    user_id = models.UUIDField()

    def __str__(self) -> str:
        return str(self.user_id)
