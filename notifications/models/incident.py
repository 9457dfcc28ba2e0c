"""A problem, from the moment it is seen until it is over."""

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
    occurrences = models.PositiveIntegerField(default=1, help_text="How often it was seen or reported.")
    escalations = models.PositiveIntegerField(default=0, help_text="How often its priority rose.")
    opened_at = models.DateTimeField(default=now)
    last_seen_at = models.DateTimeField(default=now)
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
        ]

    def __str__(self) -> str:
        return self.title
