"""What people decide of a check's limits, and what is told of them."""

from collections.abc import Iterable
from typing import Any, ClassVar

from rest_framework import serializers

from accounts.fields import BoundedDictField, StrictIntegerField
from notifications.models import Threshold, ThresholdChange
from notifications.system_monitor.backtest import MOST_DAYS
from notifications.system_monitor.checks.base import HealthCheck
from notifications.system_monitor.limits import Limit

LARGEST = 10**9


class WhoseSerializer(serializers.Serializer[Any]):
    tenant = serializers.CharField(max_length=80, required=False, help_text="Slug or id; without it the platform's.")


class ResetSerializer(WhoseSerializer):
    version = StrictIntegerField(
        min_value=0, max_value=2**31 - 1, required=False, help_text="The one that you saw; an older one is refused."
    )
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class SetThresholdSerializer(ResetSerializer):
    value = StrictIntegerField(min_value=0, max_value=LARGEST)


class BacktestSerializer(serializers.Serializer[Any]):
    check = serializers.CharField(max_length=40)
    limits = BoundedDictField(child=StrictIntegerField(min_value=0, max_value=LARGEST), allow_empty=False)
    days = StrictIntegerField(min_value=1, max_value=MOST_DAYS, default=7)


class ChangeSerializer(serializers.ModelSerializer[ThresholdChange]):
    check = serializers.CharField(source="check_slug")
    tenant = serializers.CharField(source="tenant.slug", default=None, allow_null=True)
    actor = serializers.CharField(source="actor.email", default=None, allow_null=True)

    class Meta:
        model = ThresholdChange
        fields: ClassVar = [
            *("id", "check", "name", "tenant", "before", "after", "version", "actor", "reason", "at"),
        ]


def told(check: type[HealthCheck], limit: Limit, rows: Iterable[Threshold]) -> dict[str, Any]:
    """One limit of a check: the platform's number, and those of tenants. `rows` may hold other limits' too."""
    mine = [row for row in rows if (row.check_slug, row.name) == (check.slug, limit.name)]
    platform = next((row for row in mine if row.tenant_id is None), None)
    own = [row for row in mine if row.tenant is not None]
    return {
        "check": check.slug,
        "component": check.component,
        "name": limit.name,
        "title": limit.title,
        "unit": limit.unit,
        "minimum": limit.minimum,
        "maximum": limit.maximum,
        "must_ascend": [one.name for one in check.ascending] if limit in check.ascending else [],
        "per_tenant": limit.per_tenant,
        "setting": limit.setting,
        "default": limit.default,
        "why_no_backtest": limit.why_no_backtest,
        **in_force(limit, platform),
        "tenants": [{"tenant": row.tenant.slug, **in_force(limit, row)} for row in own if row.tenant],
        "tenants_total": getattr(own[0], "tenants_total", len(own)) if own else 0,
    }


def in_force(limit: Limit, row: Threshold | None) -> dict[str, Any]:
    """A tenant's without a number of its own has null: there the platform's holds."""
    decided = row is not None and row.value is not None
    default = None if row is not None and row.tenant_id is not None else limit.default
    return {
        "value": row.value if row is not None and row.value is not None else default,
        "source": "decided" if decided else "environment" if default is not None else "platform",
        "version": row.version if row else 0,
        "updated_at": row.updated_at if row else None,
    }
