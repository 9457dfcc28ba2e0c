from django.db import models


class Priority(models.TextChoices):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return list(Priority).index(self)


def worst(*priorities: Priority) -> Priority:
    return max(priorities, key=lambda priority: priority.rank)
