import datetime
from typing import Any, ClassVar

from rest_framework import serializers

from accounts.fields import DayField, IdField, StrictIntegerField
from sms.models import CreditAccount, CreditEntry

#: More in one top-up is a slip of the finger.
MOST_CREDITS = 1_000_000_000


class CreditEntrySerializer(serializers.ModelSerializer[CreditEntry]):
    actor = serializers.CharField(source="actor.email", default=None, allow_null=True)

    class Meta:
        model = CreditEntry
        fields: ClassVar = [
            *("id", "kind", "reference", "available_delta", "reserved_delta", "actor", "note", "created_at")
        ]


class StatementQuery(serializers.Serializer[Any]):
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)

    def validate(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "since" in asked and "until" in asked and asked["since"] > asked["until"]:
            raise serializers.ValidationError({"until": ["It ends before it begins."]})
        return asked


class StatisticsQuery(serializers.Serializer[Any]):
    since = DayField(required=False)
    until = DayField(required=False)


class TopUpSerializer(serializers.Serializer[Any]):
    tenant = IdField()
    credits = StrictIntegerField(min_value=1, max_value=MOST_CREDITS)
    reference = serializers.CharField(max_length=80)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    note = serializers.CharField(max_length=200, allow_blank=True, required=False)


def balance(account: CreditAccount | None) -> dict[str, Any]:
    """`percent` is what is left of the balance after the last top-up, rounded up; null without one."""
    if account is None:
        account = CreditAccount()
    full = account.balance_after_last_top_up
    return {
        "available": account.available,
        "reserved": account.reserved,
        "percent": None if account.is_unlimited or full <= 0 else min(100, -(-100 * account.available // full)),
        "balance_after_last_top_up": full,
        "last_top_up_at": account.last_top_up_at,
        "is_unlimited": account.is_unlimited,
        "next_expiry_at": account.next_expiry_at,
    }


def moment(at: datetime.datetime) -> str:
    """As the API writes it everywhere."""
    return at.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
