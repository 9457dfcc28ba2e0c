"""Africa's Talking, bulk SMS.

Vendor's pages: docs.africastalking.com/sms/sending (request, answer), docs.africastalking.com/sms/deliveryreports and
/sms/notifications (receipts, their states and reasons; form-encoded), help.africastalking.com/articles/742491 (an
answer in full). A recipient's status codes are those of developers.africastalking.com/docs/sms/sending/bulk, read by
way of public clients that list them. None of it was tried against a live account.

It signs nothing: the secret stands in the address that is entered as the delivery reports' callback. It cannot be
asked about a message by a reference of ours, and its receipts echo none.
"""

from sms.models.states import Status
from sms.providers.base import Permanent, Temporary, Uncertain
from sms.providers.http.profile import Profile, Receipts

AFRICAS_TALKING = Profile(
    title="Africa's Talking",
    send_url="https://api.africastalking.com/version1/messaging",
    encoding="form",
    headers={"apiKey": "{api_key}"},
    fields={
        "username": "{username}",
        "to": "{recipient}",
        "from": "{sender_id}",
        "message": "{text}",
        "bulkSMSMode": "1",
        "enqueue": "1",
    },
    id_at="SMSMessageData.Recipients.0.messageId",
    # Where no recipient is listed, the word that stands for all of them.
    codes_at=("SMSMessageData.Recipients.0.statusCode", "SMSMessageData.Message"),
    taken=frozenset({"100", "101", "102"}),
    refusals={
        "401": (Permanent, "filtered"),
        "402": (Permanent, "sender_id_refused"),
        "403": (Permanent, "invalid_number"),
        "404": (Permanent, "landline"),
        "405": (Temporary, "gateway_out_of_credit"),
        "406": (Permanent, "opted_out"),
        "407": (Permanent, "no_route"),
        "409": (Permanent, "opted_out"),
        # Behind it something failed, perhaps after the network had taken the message.
        "500": (Uncertain, "gateway_failed"),
        "501": (Uncertain, "gateway_failed"),
        "502": (Permanent, "blocked_by_operator"),
        "InvalidSenderId": (Permanent, "sender_id_refused"),
    },
    check_url="https://api.africastalking.com/version1/user?username={username}",
    receipts=Receipts(
        encoding="form",
        reason_at="failureReason",
        statuses={
            "SENT": Status.SENT,
            "SUBMITTED": Status.SENT,
            "BUFFERED": Status.SENT,
            "SUCCESS": Status.DELIVERED,
            "FAILED": Status.UNDELIVERED,
            "REJECTED": Status.REJECTED,
            "ABSENTSUBSCRIBER": Status.UNDELIVERED,
            "EXPIRED": Status.EXPIRED,
        },
        reasons={
            "ABSENTSUBSCRIBER": "absent_subscriber",
            # Not the validity: the operator discarded it because of its content or its sender id.
            "EXPIRED": "filtered",
            "FAILED": "unknown_error",
            "REJECTED": "blocked_by_operator",
            "INSUFFICIENTCREDIT": "subscriber_out_of_credit",
            "INVALIDLINKID": "refused_by_gateway",
            "USERISINACTIVE": "subscriber_inactive",
            "USERINBLACKLIST": "opted_out",
            "USERACCOUNTSUSPENDED": "subscriber_inactive",
            # As the vendor spells it, and as one would.
            "NOTNETWORKSUBCRIBER": "no_route",
            "NOTNETWORKSUBSCRIBER": "no_route",
            "USERNOTSUBSCRIBEDTOPRODUCT": "opted_out",
            "USERDOESNOTEXIST": "unknown_subscriber",
            "DELIVERYFAILURE": "unknown_error",
            "DONOTDISTURBREJECTION": "opted_out",
        },
    ),
)
