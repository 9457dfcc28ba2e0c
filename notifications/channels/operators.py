"""The operators, reached without Postgres and without Redis: by Apprise (ALERT_URLS) and by e-mail (ALERT_EMAILS).

Never to be called inside a transaction: it waits for others, up to ALERT_TIME_LIMIT.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog
from django.conf import settings
from django.core.mail import EmailMessage

from notifications.channels.base import require_no_transaction
from notifications.system_monitor import isolation

if TYPE_CHECKING:
    import apprise

log = structlog.get_logger(__name__)
#: Stands in an address of ALERT_URLS for the id that a beginning and its end have in common.
ID_PLACE = "{id}"


@dataclass(frozen=True)
class Alert:
    """What operators are told. A beginning and its end carry the same `id`, so that receivers can join them, and can
    tell one that comes twice."""

    id: str
    title: str
    text: str
    is_over: bool = False
    step: str = ""
    """Which of several alerts under this id it is, such as `escalated-1`; empty: the beginning, or the end."""


def everybody() -> dict[str, str]:
    """Whom to tell: addresses by a name that may be written down, since an address can hold a secret."""
    addresses = [*settings.ALERT_URLS, *(f"mailto:{one}" for one in settings.ALERT_EMAILS)]
    return {hashlib.sha256(one.encode()).hexdigest()[:16]: one for one in addresses}


def tell(alert: Alert, names: Collection[str]) -> set[str]:
    """Tells those of `everybody()` at the same time; returns the names of whom it reached. Raises InTransaction.

    Whoever did not take it within ALERT_TIME_LIMIT counts as not reached, though it may have arrived.
    """
    require_no_transaction()
    known = everybody()
    reached: set[str] = set()

    def tell_one(name: str) -> None:
        try:
            if _send(known[name], alert):
                reached.add(name)
            else:
                log.warning("an operator was not reached", operator=name)
        except Exception as error:  # noqa: BLE001 (one who cannot be reached is no reason not to try the others)
            log.warning("an operator was not reached", operator=name, error=type(error).__name__)

    # Names of their own: one who hangs since an earlier alert must not stand in the way of this one.
    works = {f"operator {name} {uuid4().hex}": partial(tell_one, name) for name in names if name in known}
    try:
        isolation.all_within(settings.ALERT_TIME_LIMIT.total_seconds(), works)
    except isolation.OutOfTime:
        log.warning("operators were not reached in time", operators=sorted(set(names) - reached))
    return set(reached)


def _send(address: str, alert: Alert) -> bool:
    if address.startswith("mailto:"):
        return bool(_mail(address.removeprefix("mailto:"), alert).send())
    return _apprise(address, alert)


def _mail(address: str, alert: Alert) -> EmailMessage:
    """What follows is a reply to the beginning, so that mail programs show them as one."""
    opened = f"<{alert.id}.opened@bellwether>"
    mine = f"<{alert.id}.{alert.step or ('resolved' if alert.is_over else 'opened')}@bellwether>"
    headers = {"X-Deduplication-Id": alert.id, "Message-ID": mine, "Auto-Submitted": "auto-generated"}
    if mine != opened:
        headers |= {"In-Reply-To": opened, "References": opened}
    subject = " ".join(alert.title.split())  # a reporter's own words may hold a new line, which no header can
    return EmailMessage(subject, _text(alert), None, [address], headers=headers)


def _apprise(address: str, alert: Alert) -> bool:
    import apprise  # noqa: PLC0415 (a third of a second, and only for who has such an address)

    service = apprise.Apprise(asset=_asset(apprise.AppriseAsset))
    if not service.add(address.replace(ID_PLACE, alert.id)):
        log.warning("an address of ALERT_URLS is none that Apprise knows")
        return False
    for one in service:  # each wait; the whole is limited where this is called
        one.socket_connect_timeout = one.socket_read_timeout = settings.ALERT_TIME_LIMIT.total_seconds() * 0.9
    kind = apprise.NotifyType.SUCCESS if alert.is_over else apprise.NotifyType.FAILURE
    return bool(service.notify(title=alert.title, body=_text(alert), notify_type=kind))


def _asset(make: "type[apprise.AppriseAsset]") -> "apprise.AppriseAsset":
    return make(app_id="Bellwether", app_desc="Bellwether", app_url=settings.PUBLIC_URL, async_mode=False)


def _text(alert: Alert) -> str:
    return f"{alert.text}\n\n{settings.PUBLIC_URL}\nAlert {alert.id}"
