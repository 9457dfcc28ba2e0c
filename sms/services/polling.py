"""Asking gateways that post no receipts what became of the messages that they took."""

import datetime
import time
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.db.models import F, Q
from django.utils import timezone

from sms.models import Message, Status
from sms.providers.base import DeliveryReceipt, ProviderError
from sms.providers.http import HttpGateway, gateways
from sms.services.dispatch import outbound
from sms.services.receipts import apply_receipts

log = structlog.get_logger(__name__)
#: Earlier than this a gateway has nothing to say (Beem's own advice), and about the same message it is asked no more
#: often.
PATIENCE = datetime.timedelta(minutes=5)
#: How long one gateway may be asked in one turn.
ASKING_SECONDS = 20.0
BATCH = 500


def poll_reports() -> dict[str, int]:
    """Asks about messages that are on their way, the longest unasked first; returns how many receipts were new, by
    gateway. Safe to run twice and at the same time: a receipt is stored once."""
    return {gateway.slug: _poll(gateway()) for gateway in gateways() if gateway.instance.profile.report_url}


def _poll(gateway: HttpGateway) -> int:
    now = timezone.now()
    on_its_way = Message.objects.filter(
        provider=gateway.slug, status__in=[Status.SUBMITTED, Status.SENT], submitted_at__lt=now - PATIENCE
    )
    due = on_its_way.filter(Q(asked_at=None) | Q(asked_at__lt=now - PATIENCE))
    messages = list(due.order_by(F("asked_at").asc(nulls_first=True), "id")[:BATCH])
    new, ends = 0, time.monotonic() + ASKING_SECONDS
    with ThreadPoolExecutor(gateway.concurrency) as pool:
        for start in range(0, len(messages), gateway.concurrency):
            if time.monotonic() > ends:
                break
            some = messages[start : start + gateway.concurrency]
            Message.objects.filter(pk__in=[one.pk for one in some]).update(asked_at=timezone.now())
            answers = list(pool.map(lambda message: _ask(gateway, message), some))
            receipts = [receipt for answer in answers if answer for receipt in answer]
            new += apply_receipts(provider=gateway.slug, receipts=receipts) if receipts else 0
            if None in answers:
                break
    return new


def _ask(gateway: HttpGateway, message: Message) -> list[DeliveryReceipt] | None:
    """Runs in a thread of its own, without a database. None when there is no use in asking any more now."""
    try:
        return gateway.report(outbound(message), message.provider_message_id)
    except ProviderError as error:
        log.warning("no report to be had", provider=gateway.slug, reason=error.reason, code=error.code)
        return None
