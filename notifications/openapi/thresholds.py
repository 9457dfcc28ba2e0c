"""Thresholds, as `/api/schema/` tells of them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.describing import Done, Page, Reply, Said, call
from accounts.pagination import PageQuery
from notifications.models.priority import Priority
from notifications.openapi.system import TAG
from notifications.serializers.thresholds import (
    BacktestSerializer,
    ChangeSerializer,
    ResetSerializer,
    SetThresholdSerializer,
    WhoseSerializer,
)

AT = "2026-03-10T12:00:00.000Z"
STALE = {409: ("Somebody changed it meanwhile; read it again.", "stale_version")}
IN_FORCE: dict[str, Any] = {"value": 85, "source": "decided", "version": 3, "updated_at": AT}
LIMIT: dict[str, Any] = {
    "check": "sms_service",
    "component": "SMS Service",
    "name": "warning",
    "title": "Least share of settled messages delivered",
    "unit": "%",
    "minimum": 0,
    "maximum": 100,
    "must_ascend": [],
    "per_tenant": False,
    "setting": "SUCCESS_RATE_MIN_PERCENT",
    "default": 80,
    "why_no_backtest": "",
    **IN_FORCE,
    "tenants": [],
    "tenants_total": 0,
}
CHANGE: dict[str, Any] = {
    "id": "01961f12-0a51-7c3e-9d40-6b2f8e1a7c95",
    "check": "sms_service",
    "name": "warning",
    "tenant": None,
    "before": None,
    "after": 85,
    "version": 1,
    "actor": "admin@example.com",
    "reason": "80 % came too late in February.",
    "at": AT,
}
INCIDENT: dict[str, Any] = {
    "title": "SMS Service: the success rate is low",
    "scope": "success_rate",
    "priority": "medium",
    "opened_at": "2026-03-08T10:12:00.000Z",
    "resolved_at": "2026-03-08T14:03:00.000Z",
    "minutes": 231,
    "worst": 82.4,
    "unit": "%",
    "runs": 229,
}


class InForce(Reply):
    value = serializers.IntegerField(allow_null=True, help_text="Null: a tenant's, where the platform's holds.")
    source = serializers.ChoiceField(choices=["decided", "environment", "platform"])  # type: ignore[assignment] # its name
    version = serializers.IntegerField(min_value=0, help_text="Grows with each change; 0: nothing was ever decided.")
    updated_at = serializers.DateTimeField(allow_null=True)


class TenantsThreshold(InForce):
    tenant = serializers.CharField(help_text="Its slug.")


class ThresholdShown(InForce):
    check = serializers.CharField(help_text="The slug of the check.")
    component = serializers.CharField()
    name = serializers.CharField()
    title = serializers.CharField()
    unit = serializers.CharField()
    minimum = serializers.IntegerField()
    maximum = serializers.IntegerField()
    must_ascend = serializers.ListField(
        child=serializers.CharField(), help_text="Limits that must each be below the next, where this is one of such."
    )
    per_tenant = serializers.BooleanField(help_text="Whether a tenant may have a number of its own.")
    setting = serializers.CharField(help_text="The environment's variable that holds the default.")
    default = serializers.IntegerField()
    why_no_backtest = serializers.CharField(allow_blank=True, help_text="Empty: a backtest is possible.")
    tenants = TenantsThreshold(many=True, help_text="The first hundred, by slug.")
    tenants_total = serializers.IntegerField(min_value=0)


class ThresholdsReply(Done):
    thresholds = ThresholdShown(many=True)


class ThresholdChanged(InForce):
    check = serializers.CharField()
    name = serializers.CharField()
    tenant = serializers.CharField(allow_null=True, help_text="Its slug; null: the platform's.")


class ThresholdReply(Said):
    threshold = ThresholdChanged()


class ThresholdChangePage(Page):
    results = ChangeSerializer(many=True)


@extend_schema_field({"type": "object", "additionalProperties": {"type": "integer"}})
class LimitsField(serializers.DictField):
    """Limits by name."""


class WouldHaveOpened(Reply):
    title = serializers.CharField()
    scope = serializers.CharField(allow_blank=True)
    priority = serializers.ChoiceField(choices=Priority.choices, help_text="The highest that it reached.")
    opened_at = serializers.DateTimeField()
    resolved_at = serializers.DateTimeField(allow_null=True, help_text="Null: it would still be open.")
    minutes = serializers.IntegerField(min_value=0, help_text="How long it would have been open.")
    worst = serializers.FloatField(allow_null=True)
    unit = serializers.CharField()
    runs = serializers.IntegerField(min_value=0, help_text="In how many minutes it was seen.")


class BacktestSide(Reply):
    limits = LimitsField(help_text="All of the check's.")
    count = serializers.IntegerField(min_value=0)
    incidents = WouldHaveOpened(many=True, help_text="The first hundred.")
    kept_back_minutes = serializers.IntegerField(
        min_value=0, help_text="In which maintenance, or another problem, kept it from opening."
    )


class BacktestShown(Reply):
    check = serializers.CharField()
    component = serializers.CharField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    in_force = BacktestSide()
    proposed = BacktestSide()
    minutes = serializers.IntegerField(min_value=0, help_text="With an answer, that were judged.")
    unanswered_minutes = serializers.IntegerField(min_value=0)
    minutes_since = serializers.DateTimeField(
        allow_null=True, help_text="Before it only each hour's lowest and highest are stored."
    )
    notes = serializers.ListField(child=serializers.CharField(), help_text="What its reader must know.")


class BacktestReply(Done):
    backtest = BacktestShown()


LIST = call(
    "listThresholds",
    "Every check's limits and what is in force",
    more="With a tenant, `tenants` holds what was ever decided for it and for no other.",
    tag=TAG,
    query=[WhoseSerializer],
    reply=ThresholdsReply,
    example={"success": True, "thresholds": [LIMIT]},
)
SET = call(
    "changeThreshold",
    "Decide a limit for the platform or for one tenant",
    more="It holds from the next run on. With a `version`, only if nobody changed it since (0: ever). PUT and PATCH "
    "are the same.",
    tag=TAG,
    query=[WhoseSerializer],
    body=SetThresholdSerializer,
    given={"value": 30, "reason": "They asked to be told earlier."},
    reply=ThresholdReply,
    example={
        "success": True,
        "message": "Threshold set",
        "threshold": {"check": "sms_credits", "name": "warning", "tenant": None, **IN_FORCE, "value": 30},
    },
    refusals=STALE,
    same_by_put="replaceThreshold",
)
RESET = call(
    "resetThreshold",
    "Back to the environment's default, or to the platform's",
    tag=TAG,
    query=[ResetSerializer],
    reply=ThresholdReply,
    example={
        "success": True,
        "message": "Threshold reset",
        "threshold": {
            "check": "sms_credits",
            "name": "warning",
            "tenant": None,
            "value": 25,
            "source": "environment",
            "version": 4,
            "updated_at": AT,
        },
    },
    refusals=STALE,
)
CHANGES = call(
    "listThresholdChanges",
    "Who changed a threshold, from what to what, and why",
    more="Newest first: the platform's and all tenants', or one tenant's.",
    tag=TAG,
    query=[WhoseSerializer, PageQuery],
    reply=ThresholdChangePage,
    example={"next": None, "previous": None, "results": [CHANGE]},
)
BACKTEST = call(
    "backtestThresholds",
    "Which incidents other limits would have opened",
    more="Over stored history, by the rules that open and resolve incidents, beside the limits in force. It writes "
    "nothing.",
    tag=TAG,
    body=BacktestSerializer,
    given={"check": "sms_service", "limits": {"warning": 85}, "days": 7},
    reply=BacktestReply,
    example={
        "success": True,
        "backtest": {
            "check": "sms_service",
            "component": "SMS Service",
            "since": "2026-03-03T12:00:00.000Z",
            "until": AT,
            "in_force": {
                "limits": {"warning": 80, "minimum_sample": 1},
                "count": 0,
                "incidents": [],
                "kept_back_minutes": 0,
            },
            "proposed": {
                "limits": {"warning": 85, "minimum_sample": 1},
                "count": 1,
                "incidents": [INCIDENT],
                "kept_back_minutes": 0,
            },
            "minutes": 10076,
            "unanswered_minutes": 3,
            "minutes_since": "2026-03-08T12:00:00.000Z",
            "notes": [],
        },
    },
)
