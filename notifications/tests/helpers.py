"""Small makers that the tests of this room share."""

import datetime
import json
import os
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from apprise import apprise
from django.db import connection
from django.utils import timezone

from accounts.models import User
from config.rendering import UtcJSONRenderer
from notifications import inbox, incidents, services
from notifications.changes import inbox_changed
from notifications.kinds import Kind
from notifications.models import Incident, Notification
from notifications.models.priority import Priority
from notifications.serializers.inbox import NotificationSerializer
from notifications.system_monitor import runner
from notifications.system_monitor.checks.base import Context, HealthCheck
from notifications.system_monitor.report import Finding, Listing, Measurement, Result
from sms.models import CreditAccount, Message, Status
from tenants.models import Tenant
from tenants.scope import all_tenants

API = "/api/notifications/"
#: A moment for what is judged by a `now` of its own: half a minute into a minute, since counts are kept by the minute.
NOON = datetime.datetime(2026, 3, 10, 12, 0, 30, tzinfo=datetime.UTC)
T = TypeVar("T")


class Note(Kind):
    """What one person tells another: no system notification, no incident."""

    slug = "note"
    notification_type = Notification.Type.INFO
    title = "$title"
    message = "$message"
    is_system = False
    is_auto_generated = False


class SystemNote(Note):
    slug = "system_note"
    notification_type = Notification.Type.SYSTEM
    is_system = True


def tell(
    user: User,
    title: str = "Hello",
    *,
    message: str = "Something happened.",
    kind: type[Kind] = Note,
    tenant: Tenant | None = None,
    **fields: Any,
) -> Notification:
    """One row in one inbox, made through the one door; `fields` is what happened to it since."""
    context = {"title": title, "message": message}
    (row,) = services.notify(kind=kind, recipients=[user], context=context, tenant=tenant)
    if fields:
        Notification.objects.filter(pk=row.pk).update(**fields)
        vars(row).update(fields)
        inbox_changed(user_ids=[user.pk])
    return row


def fresh(user: User, *, limit: int = 10) -> Any:
    """What the serializer makes of this inbox now: what every poll must say."""
    user.refresh_from_db()
    rows = inbox.visible(user).order_by("-id")[:limit]
    body = {
        "success": True,
        "notifications": NotificationSerializer(rows, many=True).data,
        "unread_count": inbox.unread_count(user),
    }
    return json.loads(UtcJSONRenderer().render(body))


def ago(**length: float) -> datetime.datetime:
    return timezone.now() - datetime.timedelta(**length)


def titles(notifications: list[dict[str, Any]]) -> list[str]:
    return [item["title"] for item in notifications]


def problem(
    priority: Priority = Priority.MEDIUM, *, kind: str = "sms_service", scope: str = "", **words: Any
) -> incidents.Problem:
    title = f"{kind} {scope}".strip()
    return incidents.Problem(kind=kind, scope=scope, priority=priority, title=title, summary="It is bad.", **words)


def see(one: incidents.Problem) -> Incident:
    """Of a problem that opens at first sight."""
    seen = incidents.see_problem(problem=one, now=timezone.now())
    assert seen is not None
    return seen


def resolve(incident: Incident) -> bool:
    return incidents.resolve(incident=incident, summary="Now: all is well.", now=timezone.now())


def told(user: User) -> list[str]:
    """The events of incidents that this person was told, oldest first."""
    return list(Notification.objects.filter(recipient=user).order_by("id").values_list("event", flat=True))


def messages(
    tenant: Tenant, count: int, *, status: Status, at: datetime.datetime | None = None, **fields: Any
) -> None:
    """So many messages that reached this state at that moment (now)."""
    fields = {"provider": "simulator"} | fields
    rows = [
        Message(
            tenant=tenant,
            recipient="+255754123456",
            sender_id="ACME",
            text="Hi",
            segments=1,
            status=status,
            status_changed_at=at or timezone.now(),
            **fields,
        )
        for _ in range(count)
    ]
    with all_tenants(because="a test makes messages"):
        Message.objects.bulk_create(rows)


def account(tenant: Tenant, available: int, *, of: int, **fields: Any) -> None:
    """A credit account with so much left of the balance after its last top-up."""
    fields = {"last_top_up_at": timezone.now()} | fields
    with all_tenants(because="a test makes accounts"):
        CreditAccount.objects.create(tenant=tenant, available=available, balance_after_last_top_up=of, **fields)


def tenants(count: int) -> list[Tenant]:
    return Tenant.objects.bulk_create(Tenant(name=f"Tenant {n}", slug=f"tenant-{n:02}") for n in range(count))


def look(check: type[HealthCheck], *, now: datetime.datetime | None = None) -> Result:
    """What one check says, through the runner."""
    (result,) = runner.run(checks=(check,), now=now).results
    return result


class Crashing(HealthCheck):
    slug = "crashing"
    component = "Crashing"
    listing = Listing.WARNINGS

    def measure(self, context: Context) -> Measurement:
        raise RuntimeError("SELECT secret FROM vault")


class Hanging(HealthCheck):
    """Takes longer in SQL than any time limit of these tests."""

    slug = "hanging"
    component = "Hanging"
    listing = Listing.ISSUES

    def measure(self, context: Context) -> Measurement:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(60)")
        raise AssertionError("It was not stopped.")


class Well(HealthCheck):
    slug = "well"
    component = "Well"
    listing = Listing.ISSUES

    def measure(self, context: Context) -> Measurement:
        return Measurement(summary="All is well.", measured=1, unit="things", sample=1, threshold="at most 2")


class Ill(Well):
    slug = "ill"
    component = "Ill"

    def measure(self, context: Context) -> Measurement:
        finding = Finding("", Priority.HIGH, "Ill: it is bad", "It is bad.", "Make it good.")
        return Measurement(
            summary="It is bad.", measured=3, unit="things", sample=1, threshold="at most 2", findings=[finding]
        )


def in_a_copy(work: Callable[[], None]) -> int:
    """Runs `work` in a copy of this process, for being killed in; returns its exit code, negative for a signal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, of which the copy has none but its own
        child = os.fork()
    if child == 0:
        try:
            connection.connection = None  # psycopg2 leaves the socket to the process that opened it
            apprise._shared_executor = None  # its threads are not in the copy
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def in_threads(count: int, work: Callable[[int], T]) -> list[T]:
    """Runs `work` in so many threads, each with a connection of its own, all starting at once.

    Returns what they returned and raises what the first of them raised.
    """
    together = threading.Barrier(count)

    def run(number: int) -> T:
        try:
            connection.ensure_connection()
            together.wait(timeout=30)
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
