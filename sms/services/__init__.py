"""The only writers of messages, receipts and credits."""

from sms.services.counts import squash_counts
from sms.services.credits import AlreadyMoved, NotEnoughCredits, statement, top_up
from sms.services.dispatch import dispatch
from sms.services.queueing import Addressee, NobodyLeft, Queued, cancel_batch, cancel_message, queue_messages
from sms.services.receipts import apply_receipts
from sms.services.sweeping import sweep

__all__ = [
    "Addressee",
    "AlreadyMoved",
    "NobodyLeft",
    "NotEnoughCredits",
    "Queued",
    "apply_receipts",
    "cancel_batch",
    "cancel_message",
    "dispatch",
    "queue_messages",
    "squash_counts",
    "statement",
    "sweep",
    "top_up",
]
