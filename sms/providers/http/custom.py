"""A gateway that was built to a plain shape, or one that the configuration describes field by field."""

from sms.models.states import Status
from sms.providers.http.profile import Profile, Receipts

CUSTOM = Profile(
    title="HTTP gateway",
    send_url="",
    headers={"Authorization": "Bearer {api_key}"},
    fields={
        "to": "{recipient}",
        "from": "{sender_id}",
        "text": "{text}",
        "reference": "{reference}",
        "receipt_url": "{receipt_url}",
    },
    receipts=Receipts(
        statuses={
            "SENT": Status.SENT,
            "DELIVERED": Status.DELIVERED,
            "UNDELIVERED": Status.UNDELIVERED,
            "REJECTED": Status.REJECTED,
            "EXPIRED": Status.EXPIRED,
        },
        signature_header="X-Signature",
    ),
)
