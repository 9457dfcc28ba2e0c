"""The only writers of messages, receipts and credits."""

from sms.services.counts import coarsen_counts, squash_counts
from sms.services.credits import NotEnoughCredits, top_up
from sms.services.dispatch import dispatch
from sms.services.polling import poll_reports
from sms.services.queueing import Addressee, NobodyLeft, Queued, cancel_batch, cancel_message, queue_messages
from sms.services.receipts import apply_receipts
from sms.services.routing import review_providers
from sms.services.sweeping import sweep

__all__ = [
    "Addressee",
    "NobodyLeft",
    "NotEnoughCredits",
    "Queued",
    "apply_receipts",
    "cancel_batch",
    "cancel_message",
    "coarsen_counts",
    "dispatch",
    "poll_reports",
    "queue_messages",
    "review_providers",
    "squash_counts",
    "sweep",
    "top_up",
]
