from typing import Any

from rest_framework import serializers

from accounts.fields import StrictIntegerField

#: Far more than anybody buys, and still exact in JavaScript.
MAX_CREDITS = 10**15


class CreditTestSerializer(serializers.Serializer[Any]):
    current_credits = StrictIntegerField(min_value=0, max_value=MAX_CREDITS)
    total_credits = StrictIntegerField(min_value=0, max_value=MAX_CREDITS)

    def validate_total_credits(self, total: int) -> int:
        if total == 0:
            raise serializers.ValidationError("Must be more than 0: there is no percentage of nothing.")
        return total
