from typing import ClassVar

from django.db import models
from uuid_utils.compat import uuid7


class MonitorLease(models.Model):
    """Who may evaluate the platform's health now. One row; taken and judged by the database's own clock."""

    name = models.CharField(max_length=40, primary_key=True)
    token = models.BigIntegerField(help_text="Grows with each holder, so that a late one is told from the present.")
    holder = models.CharField(max_length=120)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} held by {self.holder}"


class MonitorRun(models.Model):
    """One evaluation of all checks, as it was reported."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    state = models.CharField(max_length=10, help_text="Worst state of the components.")
    report = models.JSONField()
    is_complete = models.BooleanField(default=True, help_text="Not, where time ran out before every check was asked.")
    is_scheduled = models.BooleanField(
        default=False, help_text="Whoever is to run the monitor by itself asked for it, not a person."
    )

    class Meta:
        indexes: ClassVar = [
            # used by monitor.last_run() and by the retention of old runs
            models.Index(fields=["-finished_at"], name="monitor_run_newest"),
            # used by monitor.last_run(): when the schedule was last kept, however often people asked since
            models.Index(
                fields=["-finished_at"],
                name="monitor_run_scheduled",
                condition=models.Q(is_scheduled=True, is_complete=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.finished_at:%Y-%m-%d %H:%M:%S} {self.state}"


class CheckResult(models.Model):
    """What one check said in one minute (kept for two days), or in one hour (ninety): for uptime, charts and
    backtests. Only system_monitor.history writes it."""

    class Span(models.TextChoices):
        MINUTE = "minute"
        HOUR = "hour"

    check_slug = models.CharField(max_length=40)
    span = models.CharField(max_length=6, choices=Span)
    at = models.DateTimeField(help_text="The first moment of the minute or hour.")
    ok = models.PositiveIntegerField(default=0, help_text="Runs that ended so.")
    warning = models.PositiveIntegerField(default=0)
    critical = models.PositiveIntegerField(default=0)
    unknown = models.PositiveIntegerField(default=0)
    measured = models.FloatField(null=True, help_text="The last of a minute; the mean of an hour.")
    lowest = models.FloatField(null=True)
    highest = models.FloatField(null=True)
    sample = models.BigIntegerField(null=True, help_text="Over how many it was measured.")
    milliseconds = models.FloatField(default=0)
    more = models.JSONField(default=dict, blank=True, help_text="Further numbers that charts show, by name.")

    class Meta:
        constraints: ClassVar = [
            # used by history.store(), and by every read of one check's history
            models.UniqueConstraint(fields=["check_slug", "span", "at"], name="check_result_once"),
        ]
        indexes: ClassVar = [
            # used by the rolling up and the forgetting
            models.Index(fields=["span", "at"], name="check_result_age"),
        ]

    def __str__(self) -> str:
        return f"{self.check_slug} {self.at:%Y-%m-%d %H:%M}"


class ReplayedEvent(models.Model):
    """An event of a time without Postgres that took effect since; each does once."""

    id = models.UUIDField(primary_key=True)
    replayed_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.id)
