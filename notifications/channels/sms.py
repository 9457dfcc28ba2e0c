"""SMS through our own sending room, on the platform's account.

A text is queued like any tenant's, with its credits, its routes and its receipts; the receipt is the delivery's
outcome. It costs at most NOTIFICATION_SMS_DAILY_CREDITS a day, and never goes through the provider that it tells of.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from notifications.channels.base import Channel, Parcel, Refused, Settled, TryAgain, Uncertain
from notifications.delivery.claiming import Claimed
from notifications.models import Delivery, Incident
from sms import services as sms
from sms.models import Message, Status
from sms.models.states import FAILED
from sms.providers import slugs
from sms.segments import in_gsm, segment
from tenants.models import Tenant
from tenants.scope import tenant_scope

#: An alert that comes later than this tells of something else than now.
VALID = timedelta(hours=4)
#: What stands in front of a provider's name in the scope of an incident about it.
PROVIDER = "provider:"
SPEND = """
INSERT INTO notifications_smsspending AS spent (day, credits) VALUES (%(day)s, %(credits)s)
ON CONFLICT (day) DO UPDATE SET credits = spent.credits + excluded.credits
WHERE spent.credits + excluded.credits <= %(most)s
RETURNING credits
"""


class Sms(Channel):
    slug = "sms"
    attempts: ClassVar[int] = 6
    is_settled_later = True

    def besides(self, deliveries: Sequence[Claimed]) -> dict[UUID, dict[str, Any]]:
        about = [one.incident_id for one in deliveries if one.incident_id]
        scopes = dict(Incident.objects.filter(pk__in=about).values_list("pk", "scope"))
        return {
            one.id: {"avoid": provider_in(scopes[one.incident_id] if one.incident_id else "")} for one in deliveries
        }

    def send(self, parcel: Parcel) -> str:
        if parcel.extra["reference"]:  # queued by a worker that died before it could say so
            return str(parcel.extra["reference"])
        if not parcel.address:
            raise Refused("There is no verified phone number any more.")
        tenant = Tenant.objects.filter(slug=settings.NOTIFICATION_SMS_TENANT).first()
        if tenant is None:
            raise TryAgain("NOTIFICATION_SMS_TENANT names no tenant.")
        try:
            with tenant_scope(tenant.pk):
                return _queue(parcel, tenant, one_segment(parcel.content["title"], parcel.content["message"]))
        except sms.NotEnoughCredits:
            raise TryAgain("The account that pays for SMS notifications has no credits left.") from None
        except sms.NobodyLeft:
            raise Refused("This number has opted out of messages from the platform.") from None
        except sms.NoOtherRoute as error:
            raise Refused(f"It tells of this provider, and must not go through it. {error}") from None

    def outcomes(self, references: Sequence[str]) -> dict[str, Settled]:
        tenant = Tenant.objects.filter(slug=settings.NOTIFICATION_SMS_TENANT).first()
        if tenant is None:
            return {}
        with tenant_scope(tenant.pk):
            ended = Message.objects.filter(pk__in=references, status__in=[*FAILED, Status.DELIVERED, Status.CANCELLED])
            rows = list(ended.values_list("pk", "status", "failure_reason", "provider"))
        return {
            str(key): Settled(True, f"The phone has it, by {provider}.")
            if status == Status.DELIVERED
            else Settled(False, f"It did not arrive, by {provider}: {reason or status}.")
            for key, status, reason, provider in rows
        }


def provider_in(scope: str) -> str:
    """The provider that an incident of this scope is about; "" when it is about none."""
    slug = scope.removeprefix(PROVIDER)
    return slug if slug in slugs() else ""


def _queue(parcel: Parcel, tenant: Tenant, text: str) -> str:
    """The text, its cost and its mark on the delivery, all or nothing: whatever dies, it is queued and paid once."""
    now = timezone.now()
    with transaction.atomic():
        _spend(segment(text).segments)
        (message_id,) = sms.queue_messages(
            tenant_id=tenant.pk,
            addressees=[sms.Addressee(parcel.address, text)],
            sender_id=settings.NOTIFICATION_SMS_SENDER,
            valid_until=now + VALID,
            avoid=parcel.extra["avoid"],
        ).ids
        mine = Delivery.objects.filter(pk=parcel.id, reference="")
        if not mine.update(reference=str(message_id)):
            raise Uncertain("Another worker has queued it.")
    return str(message_id)


def _spend(credits: int) -> None:
    """Counts towards today's cap, in the caller's transaction. Raises Refused when that would be too much."""
    most = settings.NOTIFICATION_SMS_DAILY_CREDITS
    values = {"day": timezone.now().date(), "credits": credits, "most": most}
    with connection.cursor() as cursor:
        if credits <= most:
            cursor.execute(SPEND, values)
        if credits > most or cursor.fetchone() is None:
            raise Refused(f"Today's {most} credits for SMS notifications are used up.")


def one_segment(title: str, message: str) -> str:
    """Title and message, in the GSM alphabet where they can be, cut after a word so that they fit into one part."""
    text = " ".join(f"{title}: {message}".split())
    text = in_gsm(text) or text
    if segment(text).segments == 1:
        return text
    words = text.split(" ")
    while len(words) > 1 and segment(" ".join(words) + " ...").segments > 1:
        words.pop()
    short = " ".join(words)
    while segment(short + " ...").segments > 1:  # one word as long as that
        short = short[:-1]
    return short + " ..."
