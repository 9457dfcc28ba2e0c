"""Beem Africa.

Vendor's pages: docs.beem.africa/guides/sms/api-responses (the codes) and docs.beem.africa/index.html#api-SMS (request,
answer, codes 105 to 108, delivery reports: GET dlrapi.beem.africa/public/v1/delivery-reports, earliest after five
minutes; states PENDING, DELIVERED, UNDELIVERED). They were read by way of two public clients that cite them
(packagist.org/packages/emanate/beem and github.com/gowelle/laravel-beem-africa), not against a live account.
Recipients are written without the plus; the encoding is 0 for the GSM alphabet and, by the first of these clients, 8
for UCS-2.

It neither signs anything nor documents an address that receipts are posted to, so its reports are asked for. It
cannot be asked about a message whose `request_id` we never saw: such a one waits for its deadline.
"""

from sms.models.states import Status
from sms.providers.base import Permanent, Temporary, Uncertain
from sms.providers.http.profile import Profile, Receipts

BEEM = Profile(
    title="Beem Africa",
    send_url="https://apisms.beem.africa/v1/send",
    basic_auth=("{api_key}", "{secret_key}"),
    fields={
        "source_addr": "{sender_id}",
        "schedule_time": "",
        "encoding": "{encoding}",
        "message": "{text}",
        "recipients": [{"recipient_id": 1, "dest_addr": "{digits}"}],
    },
    id_at="request_id",
    codes_at=("code",),
    taken=frozenset({"100"}),
    refusals={
        "101": (Permanent, "invalid_number"),
        "102": (Temporary, "gateway_out_of_credit"),
        # A time-out behind it: it may have gone out all the same.
        "103": (Uncertain, "gateway_failed"),
        "104": (Permanent, "refused_by_gateway"),
        "105": (Temporary, "gateway_credentials_refused"),
        "106": (Permanent, "no_route"),
        "107": (Temporary, "gateway_credentials_refused"),
        "108": (Temporary, "gateway_credentials_refused"),
        "109": (Permanent, "text_refused"),
        "110": (Permanent, "text_refused"),
        "111": (Permanent, "sender_id_refused"),
        "113": (Permanent, "refused_by_gateway"),
        "115": (Permanent, "invalid_number"),
        "118": (Permanent, "refused_by_gateway"),
        "119": (Permanent, "refused_by_gateway"),
        "120": (Temporary, "gateway_credentials_refused"),
        "121": (Permanent, "sender_id_refused"),
    },
    check_url="https://apisms.beem.africa/public/v1/vendors/balance",
    report_url="https://dlrapi.beem.africa/public/v1/delivery-reports?dest_addr={digits}&request_id={id}",
    receipts=Receipts(
        id_at="request_id",
        statuses={
            "PENDING": Status.SENT,
            "DELIVERED": Status.DELIVERED,
            "UNDELIVERED": Status.UNDELIVERED,
        },
        reasons={"UNDELIVERED": "unknown_error"},
    ),
)
