"""What the platform's admins tell many at once: the only writers of Announcement and of its notifications.

A small audience is told in the caller's own transaction. A large one is told by workers, in chunks by the order of
user ids: the rows of a chunk and the cursor behind them commit together, so a worker that is killed loses and repeats
nothing, and `notification_announced_once` holds whatever else goes wrong.
"""

import contextlib
import datetime
from typing import Any
from uuid import UUID

import structlog
from celery import current_app
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import User, UserQuerySet
from notifications import preferences, texts
from notifications.changes import inbox_changed
from notifications.delivery import outbox
from notifications.kinds import Announced
from notifications.models import Announcement, Notification
from notifications.models.priority import Priority
from tenants.models import Membership, Tenant

log = structlog.get_logger(__name__)
State = Announcement.State
Audience = str | dict[str, Any]
#: Up to so many people are told before the reply; more would keep the caller waiting.
AT_ONCE = 500
#: Recipients of one transaction of a worker: short locks, and little to repeat.
CHUNK = 2000
#: A worker passes on after so many chunks, well inside Celery's time limit.
CHUNKS_PER_TASK = 50
#: How long a worker that says nothing keeps its announcement. Each chunk renews it.
LEASE = datetime.timedelta(seconds=60)


class AudienceUnknown(Exception):
    """The audience names a tenant or people that do not exist."""


def announce(
    *,
    author: User,
    title: str,
    message: str,
    audience: Audience,
    notification_type: Notification.Type = Notification.Type.INFO,
    priority: Priority = Priority.MEDIUM,
    action_url: str = "",
    data: dict[str, Any] | None = None,
    expires_at: datetime.datetime | None = None,
) -> Announcement:
    """Tells an audience: up to AT_ONCE people before this returns (state `done`), more through workers.

    `audience` is "admins", "everyone", `{"tenant": slug or id}` or `{"emails": [...]}`. Raises AudienceUnknown.
    """
    title, message = texts.write(Announced, {"title": title, "message": message})
    with transaction.atomic():
        tenant = _tenant(audience)
        announcement = Announcement(
            author=author,
            tenant=tenant,
            audience=_stored(audience, tenant),
            title=title,
            message=message,
            notification_type=notification_type,
            priority=priority,
            action_url=action_url,
            data=data or {},
            expires_at=expires_at,
        )
        announcement.target_count = _recipients(announcement).count()
        announcement.save(force_insert=True)
        if announcement.target_count <= AT_ONCE:
            _write_chunk(announcement)
        if announcement.state != State.DONE:
            transaction.on_commit(lambda: _hint([announcement.pk]))
    return announcement


def shown_to_author(announcement: Announcement) -> UUID | None:
    """The author's own row, else the first of the rows; None when nobody has one (yet)."""
    rows = announcement.notifications.order_by("id").values_list("pk", flat=True)
    return rows.filter(recipient_id=announcement.author_id).first() or rows.first()


def fan_out(*, announcement_id: UUID) -> int:
    """Goes on telling an announcement; returns how many notifications this call made.

    Nobody else works on it meanwhile; when somebody does already, or it is done, this makes none.
    """
    token = uuid7()
    free = Announcement.objects.unfinished().free().filter(pk=announcement_id)
    if not free.update(state=State.RUNNING, lease_token=token, lease_expires_at=Now() + LEASE):
        return 0
    made = 0
    for _ in range(CHUNKS_PER_TASK):
        written = _write_next_chunk(announcement_id, token)
        if written is None:
            return made
        made += written
    _give_back(announcement_id, token)
    return made


def sweep() -> int:
    """Hints workers at what nobody is working on, because a hint was lost or a worker died; returns how many."""
    ids = list(Announcement.objects.unfinished().free().order_by("id").values_list("pk", flat=True)[:100])
    _hint(ids)
    return len(ids)


def forget_old(*, days: int) -> int:
    """Deletes what was told more than `days` days ago and that nobody has a notification of any more; returns how
    many."""
    told = Announcement.objects.filter(
        state=State.DONE, finished_at__lt=timezone.now() - datetime.timedelta(days=days)
    )
    in_use = Notification.objects.filter(announcement=OuterRef("pk"))
    return told.filter(~Exists(in_use)).delete()[0]


# --- Chunks ------------------------------------------------------------------------------------------------------

# The people are locked as the rows' foreign keys would lock them anyway; so nobody is deleted in between.
WRITE = """
WITH people (id) AS ({people} FOR KEY SHARE OF accounts_user), written AS (
    INSERT INTO notifications_notification (
        id, recipient_id, tenant_id, announcement_id, event, kind, notification_type, priority, status, is_system,
        is_auto_generated, title, message, action_text, action_url, data, created_at, updated_at, expires_at
    )
    SELECT uuid7(), people.id, tenant_id, announcement.id, '', %s, notification_type, priority, 'unread', true,
           false, title, message, '', action_url, data, statement_timestamp(), statement_timestamp(), expires_at
    FROM people CROSS JOIN notifications_announcement AS announcement WHERE announcement.id = %s
    ON CONFLICT DO NOTHING
    RETURNING id, recipient_id
)
SELECT people.id, written.id
FROM people LEFT JOIN written ON written.recipient_id = people.id ORDER BY people.id
"""


def _write_next_chunk(announcement_id: UUID, token: UUID) -> int | None:
    """How many it wrote; None at the end, or when the announcement is no longer this worker's."""
    with transaction.atomic():
        mine = Announcement.objects.select_for_update(of=("self",)).unfinished()
        announcement = mine.filter(pk=announcement_id, lease_token=token).first()
        return _write_chunk(announcement) if announcement else None


def _write_chunk(announcement: Announcement) -> int:
    """Tells the next CHUNK people after the cursor and moves it, in the caller's transaction. Fewer are the last."""
    with connection.cursor() as cursor:
        people, params = _next_people(announcement)
        cursor.execute(WRITE.format(people=people), [*params, Announced.slug, announcement.pk])
        rows: list[tuple[UUID, UUID | None]] = cursor.fetchall()
    told = [key for key, row in rows if row is not None]
    is_last = len(rows) < CHUNK
    reached: dict[UUID, UUID | None] = {key: row for key, row in rows if row is not None}
    reached |= dict.fromkeys(_unseen(announcement, until=None if is_last else rows[-1][0]))
    outbox.write(told=_sample(announcement), people=reached)
    changes: dict[str, Any] = {"created_count": F("created_count") + len(told)}
    if rows:
        changes["cursor"] = rows[-1][0]
    if is_last:
        changes |= {"state": State.DONE, "finished_at": Now(), "lease_token": None, "lease_expires_at": None}
    else:
        changes["lease_expires_at"] = Now() + LEASE
    Announcement.objects.filter(pk=announcement.pk).update(**changes)
    announcement.refresh_from_db()
    inbox_changed(user_ids=told)
    return len(told)


def _sample(announcement: Announcement) -> Notification:
    """What each of its notifications says."""
    same = ("tenant_id", "notification_type", "priority", "title", "message", "action_url", "data", "expires_at")
    return Notification(
        announcement_id=announcement.pk, kind=Announced.slug, **{name: getattr(announcement, name) for name in same}
    )


def _unseen(announcement: Announcement, *, until: UUID | None) -> list[UUID]:
    """Those of this chunk who turned the inbox off and may want to be told in another way; the last has no end."""
    people = preferences.unreachable(_audience(announcement), priority=Priority(announcement.priority))
    if announcement.cursor is not None:
        people = people.filter(pk__gt=announcement.cursor)
    if until is not None:
        people = people.filter(pk__lte=until)
    return list(people.values_list("pk", flat=True))


def _next_people(announcement: Announcement) -> tuple[str, Any]:
    people = _recipients(announcement)
    if announcement.cursor is not None:
        people = people.filter(pk__gt=announcement.cursor)
    return people.order_by("pk").values("pk")[:CHUNK].query.sql_with_params()


def _give_back(announcement_id: UUID, token: UUID) -> None:
    mine = Announcement.objects.unfinished().filter(pk=announcement_id, lease_token=token)
    if mine.update(lease_token=None, lease_expires_at=None):
        _hint([announcement_id])


def _hint(ids: list[UUID]) -> None:
    """A lost hint costs until the next sweep, never a notification."""
    try:
        for key in ids:
            current_app.send_task("notifications.tasks.fan_out_announcement", args=[str(key)])
    except Exception as error:  # noqa: BLE001 (whatever the broker's client raises: the rows are stored)
        log.warning("broker unreachable; the sweeper will announce", announcements=len(ids), error=str(error)[:200])


# --- Audiences ---------------------------------------------------------------------------------------------------


def _recipients(announcement: Announcement) -> UserQuerySet:
    """Those of the audience who want to be told something of this priority in the inbox."""
    return preferences.reachable(_audience(announcement), priority=Priority(announcement.priority))


def _audience(announcement: Announcement) -> UserQuerySet:
    """Active people."""
    people: UserQuerySet
    everyone = User.objects.active()
    match announcement.audience:
        case "everyone":
            people = everyone
        case "admins":
            people = User.objects.platform_admins()
        case {"tenant": _}:
            members = Membership.objects.filter(user=OuterRef("pk"), tenant=announcement.tenant_id)
            people = everyone.filter(Exists(members))
        case {"emails": emails}:
            people = everyone.filter(email__in=emails)
        case unknown:
            raise ValueError(f"No audience: {unknown}")
    return people


def _tenant(audience: Audience) -> Tenant | None:
    if not (isinstance(audience, dict) and "tenant" in audience):
        return None
    name = str(audience["tenant"])
    wanted = Q(slug=name)
    with contextlib.suppress(ValueError):
        wanted |= Q(pk=UUID(name))
    found = Tenant.objects.filter(wanted).first()
    if found is None:
        raise AudienceUnknown(f"There is no tenant {name}.")
    return found


def _stored(audience: Audience, tenant: Tenant | None) -> Audience:
    """The audience as it is kept: a tenant by its id, which stays, and e-mails as users have them."""
    if tenant is not None:
        return {"tenant": str(tenant.pk)}
    if isinstance(audience, dict):
        return {"emails": _known(audience["emails"])}
    return audience


def _known(emails: list[str]) -> list[str]:
    given = sorted({email.strip().lower() for email in emails})
    known = set(User.objects.active().filter(email__in=given).values_list("email", flat=True))
    if unknown := [email for email in given if email not in known]:
        raise AudienceUnknown(f"No active user has the address {', '.join(unknown)}.")
    return given
