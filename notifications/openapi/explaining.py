"""What would happen now and why, as `/api/schema/` tells of it."""

from accounts.describing import Done, call
from notifications.openapi.system import TAG
from notifications.serializers.explaining import ExplainSerializer, PlanSerializer

CHOICE = "E-mail for SMS credits: at once, as it is built in."
NIGHT = "Quiet hours from 22:00 to 07:00: held until 2026-03-11 07:00 (Africa/Dar_es_Salaam)."


class ExplanationReply(Done):
    explanation = PlanSerializer()


EXPLAIN = call(
    "explainNotification",
    "What somebody would be told of a kind now, on every channel, and why",
    more="By the same rules as the real thing, step by step; it writes nothing. Without a tenant it is the one that "
    "the person works in, for what only tenants are told.",
    tag=TAG,
    query=[ExplainSerializer],
    reply=ExplanationReply,
    example={
        "success": True,
        "explanation": {
            "user": {
                "id": "01961f0e-8a11-7c30-9b57-2f6e0d4c1a88",
                "email": "owner@example.com",
                "timezone": "Africa/Dar_es_Salaam",
            },
            "kind": "sms_credit_low",
            "category": "sms_credit",
            "priority": "medium",
            "tenant": {"id": "01961f0e-7b02-7a4c-8d13-5c9e2f7b6a04", "name": "Acacia Pharmacy"},
            "at": "2026-03-10T20:15:00.000Z",
            "is_reader": True,
            "readers": "Told to the owners and admins of Acacia Pharmacy; Olu Owner is one of them.",
            "channels": [
                {
                    "channel": "email",
                    "title": "E-mail",
                    "outcome": "held",
                    "due_at": "2026-03-11T04:00:00.000Z",
                    "together": "",
                    "rule": f"{CHOICE} {NIGHT}",
                    "steps": [CHOICE, NIGHT, "Storm brake: 0 in 10 minutes; above 10 they are told together."],
                }
            ],
        },
    },
)
