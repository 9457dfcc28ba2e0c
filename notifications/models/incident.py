"""A problem, from the moment it is seen until it is over."""

import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.timezone import now
from uuid_utils.compat import uuid7

from notifications.models.priority import Priority
from tenants.models import Tenant


class IncidentQuerySet(models.QuerySet["Incident"]):
    def unresolved(self) -> Self:
        return self.exclude(state=Incident.State.RESOLVED)

    def seen_by_monitor(self) -> Self:
        """Those that the monitor opened and will close; a reported problem is closed by people."""
        return self.filter(reporter=None)

    def opened_until(self, moment: datetime.datetime) -> Self:
        """Up to this moment and all of its millisecond: the API does not show the microseconds that are stored."""
        return self.filter(opened_at__lte=moment.replace(microsecond=moment.microsecond // 1000 * 1000 + 999))

    def count_by_state(self, *, cap: int) -> dict[str, int]:
        """How many are in each state. What is over is counted up to the cap; what is not is few by nature."""
        found = self.unresolved().order_by().values_list("state").annotate(count=models.Count("pk"))
        resolved = self.filter(state=Incident.State.RESOLVED).order_by()[:cap].count()
        return dict.fromkeys(Incident.State.values, 0) | dict(found) | {"resolved": resolved}

    def with_people(self) -> Self:
        """Everybody and everything that the API shows of an incident, in the same query."""
        return self.select_related("tenant", "reporter", "assignee", "acknowledged_by", "resolved_by", "previous")


class Incident(models.Model):
    """One problem. While it is not resolved there is one row for it, however often it is seen.

    Not a TenantScoped model: the platform's own problems belong to no tenant. Only notifications.incidents writes it.
    """

    class State(models.TextChoices):
        OPEN = "open"
        ACKNOWLEDGED = "acknowledged"
        RESOLVED = "resolved"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=60, help_text="The check that sees it, or reported_problem.")
    scope = models.CharField(max_length=120, blank=True, help_text="Which part of the kind, such as one provider.")
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    priority = models.CharField(max_length=10, choices=Priority)
    title = models.CharField(max_length=200)
    summary = models.TextField(help_text="What was measured, against which threshold.")
    advice = models.TextField(blank=True, help_text="What to do next.")
    details = models.JSONField(default=dict, blank=True)
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_until = models.DateTimeField(
        null=True, blank=True, help_text="When it speaks up again; never while this is empty."
    )
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    resolution = models.TextField(blank=True, help_text="What ended it, in the words of who or what did.")
    previous = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="The last one like it."
    )
    occurrences = models.PositiveIntegerField(default=1, help_text="How often it was seen or reported.")
    escalations = models.PositiveIntegerField(default=0, help_text="How often its priority rose.")
    repeats = models.PositiveIntegerField(default=0, help_text="How often people were told again that it is open.")
    reopens = models.PositiveIntegerField(default=0)
    good_runs = models.PositiveIntegerField(default=0, help_text="Runs in a row in which the monitor did not see it.")
    opened_at = models.DateTimeField(default=now)
    last_seen_at = models.DateTimeField(default=now)
    last_told_at = models.DateTimeField(default=now)
    resolved_at = models.DateTimeField(null=True, blank=True)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            # used by incidents.open_incident: this constraint is the deduplication
            models.UniqueConstraint(
                fields=["tenant", "kind", "scope"],
                name="incident_open_once",
                condition=~models.Q(state="resolved"),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(state="resolved") ^ models.Q(resolved_at=None),
                name="incident_resolved_at_when_resolved",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="acknowledged") | models.Q(acknowledged_at__isnull=False),
                name="incident_acknowledged_at_when_acknowledged",
            ),
        ]
        indexes: ClassVar = [
            # used by opening (the last one like it) and by flap damping (how many lately)
            models.Index(fields=["kind", "scope", "-opened_at"], name="incident_alike"),
            # used by the list of what is not over, and by every run of the monitor
            models.Index(fields=["-id"], name="incident_unresolved", condition=~models.Q(state="resolved")),
        ]

    def __str__(self) -> str:
        return self.title


class IncidentEvent(models.Model):
    """One line of an incident's timeline. Never changed."""

    class Kind(models.TextChoices):
        OPENED = "opened"
        REPORTED = "reported", "Reported again"
        WORSE = "worse"
        BETTER = "better"
        REPEATED = "repeated", "People were told again"
        TOLD_LATE = "told_late", "Somebody new was told"
        SUPPRESSED = "suppressed", "Something that follows from it was not opened"
        ACKNOWLEDGED = "acknowledged"
        ACKNOWLEDGEMENT_ENDED = "acknowledgement_ended"
        ASSIGNED = "assigned"
        COMMENTED = "commented"
        RESOLVED = "resolved"
        REOPENED = "reopened"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="timeline")
    kind = models.CharField(max_length=24, choices=Kind)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Nobody: the monitor.",
    )
    before = models.CharField(max_length=60, blank=True)
    after = models.CharField(max_length=60, blank=True)
    text = models.TextField(blank=True, help_text="The measurement, or what a person wrote.")
    at = models.DateTimeField(default=now)

    class Meta:
        indexes: ClassVar = [
            # used by an incident's detail
            models.Index(fields=["incident", "id"], name="incident_timeline"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.kind}"


class Suspicion(models.Model):
    """A problem that was seen and has not lasted long enough to be opened. Gone when it is opened, or not seen."""

    tenant = models.ForeignKey(Tenant, null=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=60)
    scope = models.CharField(max_length=120, blank=True)
    since = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "kind", "scope"], name="suspicion_once", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.scope} since {self.since:%H:%M}"


class IncidentAudience(models.Model):
    """Who has been considered when an incident was told. It outlives the notification, which people may delete."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="audience")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    was_told = models.BooleanField(help_text="Not, where their settings spare them what is low or medium.")

    class Meta:
        constraints: ClassVar = [
            # used by tell_newcomers: everybody is considered once
            models.UniqueConstraint(fields=["incident", "user"], name="incident_audience_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.was_told}"
