"""The only writers of messages, receipts and credits."""

from sms.services.counts import squash_counts
from sms.services.credits import NotEnoughCredits, top_up
from sms.services.receipts import apply_receipts
from sms.services.sending import Batch, deliver, hand_out, queue_messages
from sms.services.sweeping import sweep

__all__ = [
    "Batch",
    "NotEnoughCredits",
    "apply_receipts",
    "deliver",
    "hand_out",
    "queue_messages",
    "squash_counts",
    "sweep",
    "top_up",
]
