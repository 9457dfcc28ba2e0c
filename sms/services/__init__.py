"""The only writers of messages, receipts and credits."""

from sms.services.counts import coarsen_counts, squash_counts
from sms.services.credits import (
    AlreadyMoved,
    NotEnoughCredits,
    adjust,
    announce_waiting_falls,
    expire_grants,
    reconcile_credits,
    set_terms,
    statement,
    top_up,
)
from sms.services.dispatch import dispatch
from sms.services.gathering import apply_together
from sms.services.polling import poll_reports
from sms.services.queueing import Addressee, NobodyLeft, Queued, cancel_batch, cancel_message, queue_messages
from sms.services.receipts import apply_receipts
from sms.services.routing import NoOtherRoute, review_providers
from sms.services.sweeping import sweep

__all__ = [
    "Addressee",
    "AlreadyMoved",
    "NoOtherRoute",
    "NobodyLeft",
    "NotEnoughCredits",
    "Queued",
    "adjust",
    "announce_waiting_falls",
    "apply_receipts",
    "apply_together",
    "cancel_batch",
    "cancel_message",
    "coarsen_counts",
    "dispatch",
    "expire_grants",
    "poll_reports",
    "queue_messages",
    "reconcile_credits",
    "review_providers",
    "set_terms",
    "squash_counts",
    "statement",
    "sweep",
    "top_up",
]
