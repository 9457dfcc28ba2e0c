"""Why a message failed, in the words of the person who sent it."""

_NOBODY = "Nothing: it was asked for."
#: Our word, what it means, and what its sender can do.
REASONS = {
    "cancelled_by_sender": ("It was cancelled before a carrier had it.", _NOBODY),
    "opted_out": ("The recipient asked not to be written to.", "Leave them out, unless they opt in again."),
    "validity_passed": ("It was still waiting when its validity ended.", "Send it again if it is still wanted."),
    "no_receipt_in_time": (
        "The carrier never said whether it arrived.",
        "Ask the recipient before you send it again: it may have arrived.",
    ),
    "unknown_provider": ("Its carrier is not connected any more.", "Send it again: it goes another way."),
    "gateway_not_answering": ("The carrier did not answer, however often it was tried.", "Send it again later."),
    "throttled": ("The carrier asked us to slow down.", "Nothing: it is tried again by itself."),
}


def describe(reason: str) -> tuple[str, str]:
    """What it means and what to do, for the sender."""
    known = REASONS.get(reason)
    if known is not None:
        return known
    return f"The carrier said: {reason.replace('_', ' ')}.", "Check the number, then send it again."
