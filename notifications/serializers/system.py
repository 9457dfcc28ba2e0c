from typing import Any

from rest_framework import serializers

from accounts.fields import StrictIntegerField
from notifications.models.priority import Priority
from notifications.serializers.fields import PriorityField, SmallObjectField
from notifications.services import MAX_DAYS


class ReportProblemSerializer(serializers.Serializer[Any]):
    problem_type = serializers.CharField(max_length=100)
    description = serializers.CharField(max_length=2000)
    priority = PriorityField(default=Priority.MEDIUM)
    data = SmallObjectField(default=dict)  # type: ignore[assignment] # the contract's word for it


class CleanupSerializer(serializers.Serializer[Any]):
    days = StrictIntegerField(min_value=1, max_value=MAX_DAYS, default=30)
    dry_run = serializers.BooleanField(default=False)
