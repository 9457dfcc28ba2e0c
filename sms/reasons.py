"""Why a message failed: our words, stored as `failure_reason`, with what each means and what to do about it.

Carriers' own codes are kept beside them (`error_code`). A test holds this table against every word that the providers'
tables and the services can write.
"""

from collections.abc import Mapping

#: From our word to its meaning and to what the sender, or whoever runs the platform, can do.
REASONS: Mapping[str, tuple[str, str]] = {
    # --- About the recipient
    "invalid_number": ("The carrier says that this is no phone number.", "Correct the number, then send again."),
    "unknown_subscriber": ("Nobody has this number any more, or yet.", "Ask the recipient for the current number."),
    "absent_subscriber": (
        "The phone was off or without a network until the carrier gave up.",
        "Send again later, at a time when the phone is likely to be on.",
    ),
    "subscriber_inactive": (
        "The recipient's line is suspended or not in use.",
        "Reach the recipient another way, and ask for a number that works.",
    ),
    "subscriber_out_of_credit": (
        "The recipient pays for this message and has no credit left.",
        "Nothing to do from here; the recipient has to top up.",
    ),
    "landline": ("The number belongs to a line that receives no texts.", "Ask the recipient for a mobile number."),
    "opted_out": (
        "The recipient asked for no more messages from this sender.",
        "Do not send again until they opt in themselves.",
    ),
    # --- About the message
    "text_too_long": ("The text is longer than the carrier takes.", "Shorten the text, then send again."),
    "text_refused": (
        "The carrier does not take this text: it is empty or has characters that it cannot send.",
        "Change the text, then send again.",
    ),
    "sender_id_refused": (
        "The sender id is not registered with the carrier, or not allowed in the recipient's country.",
        "Register the sender id, or use one that is registered.",
    ),
    "filtered": (
        "The carrier or the network took the message for spam and dropped it.",
        "Reword it: no shortened links, no capitals throughout, the sender's name in the text.",
    ),
    "blocked_by_operator": (
        "The recipient's network refuses messages of this kind or from this sender.",
        "Have the sender id approved by that network, or use another one.",
    ),
    "validity_passed": (
        "The time until which the message was worth sending had passed.",
        "Send again with a longer validity, if it still matters.",
    ),
    "cancelled_by_sender": ("It was called off before it went out.", "Nothing to do."),
    # --- About the way there
    "network_congestion": ("The recipient's network was too busy to take it.", "Send again in a few minutes."),
    "no_route": (
        "The carrier has no way to the recipient's network, or none for this sender id.",
        "Use another sender id, or ask for another provider to that country.",
    ),
    "destination_not_allowed": (
        "Messages to the recipient's country are switched off in the carrier's account.",
        "Have the country switched on in the carrier's account.",
    ),
    "price_too_high": (
        "It would cost more than the limit that is set for a message in the carrier's account.",
        "Raise the limit in the carrier's account, or shorten the text.",
    ),
    "unknown_error": (
        "It was not delivered, and the carrier does not say why.",
        "Send again once; if it fails again, check the number with the recipient.",
    ),
    "no_receipt_in_time": (
        "The carrier took it, or may have taken it, and never said what became of it.",
        "Ask the recipient before sending again. Many of these: ask the carrier about its receipts.",
    ),
    # --- About the gateway
    "gateway_unreachable": (
        "The carrier's gateway could not be reached.",
        "It is tried again by itself. When it lasts, check the network and the carrier's status page.",
    ),
    "gateway_unavailable": (
        "The carrier's gateway said that it is out of service for now.",
        "It is tried again by itself. When it lasts, check the carrier's status page.",
    ),
    "gateway_not_answering": (
        "The carrier's gateway did not answer in time, so the message may have gone out or not.",
        "It is asked about by itself. Do not send again before that is settled.",
    ),
    "gateway_broke_off": (
        "The connection broke while the carrier was taking the message, so it may have gone out or not.",
        "It is asked about by itself. Do not send again before that is settled.",
    ),
    "gateway_answered_garbage": (
        "The carrier's gateway answered something that cannot be read, so the message may have gone out or not.",
        "It is asked about by itself. When it lasts, check the gateway's address and the carrier's status page.",
    ),
    "gateway_failed": (
        "The carrier's gateway reported a fault of its own, so the message may have gone out or not.",
        "It is asked about by itself. When it lasts, ask the carrier.",
    ),
    "gateway_misconfigured": (
        "The gateway's address or account is not set up rightly here.",
        "Whoever runs the platform checks the provider's settings (docs/providers.md).",
    ),
    "gateway_credentials_refused": (
        "The carrier's gateway does not accept our credentials.",
        "Whoever runs the platform renews the provider's credentials (docs/providers.md).",
    ),
    "gateway_account_suspended": (
        "Our account with the carrier is suspended.",
        "Whoever runs the platform settles it with the carrier.",
    ),
    "gateway_out_of_credit": (
        "Our account with the carrier has no money left.",
        "Whoever runs the platform tops it up with the carrier.",
    ),
    "refused_by_gateway": (
        "The carrier's gateway refused the message and gave no reason that we know.",
        "Look its code up in the carrier's documentation.",
    ),
    "throttled": (
        "The carrier takes no more messages at this rate.",
        "It is tried again by itself. When it lasts, lower SMS_RATES or ask the carrier for more.",
    ),
    "unknown_provider": (
        "The provider that it was meant for is no longer set up here.",
        "Send again; it then goes to a provider that is.",
    ),
}


def describe(reason: str) -> tuple[str, str]:
    """The meaning of a reason and what to do, in plain English; ("", "") for none."""
    if not reason:
        return "", ""
    unknown = f"The carrier said: {reason}."
    return REASONS.get(reason, (unknown, "Look the code up in the carrier's documentation."))
