"""The only writers of Notification."""

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import Exists, Q
from django.utils import timezone
from uuid_utils.compat import uuid7

from accounts.models import User
from notifications import preferences, texts
from notifications.changes import inbox_changed
from notifications.delivery import forgetting, outbox
from notifications.kinds import Kind
from notifications.models import Incident, Notification
from notifications.models.priority import Priority
from tenants.models import Tenant

Status = Notification.Status
#: Rows a cleanup deletes in one transaction: short locks, and a killed run has kept what it did.
CLEANUP_BATCH = 5000
#: A cleanup asked to keep more days than this was asked by mistake; far more would leave the calendar.
MAX_DAYS = 36500


def notify(  # noqa: PLR0913 (the one door)
    *,
    kind: type[Kind],
    recipients: Iterable[User],
    context: Mapping[str, object],
    incident: Incident | None = None,
    event: str = "",
    tenant: Tenant | None = None,
    priority: Priority | None = None,
    data: dict[str, Any] | None = None,
    now: datetime.datetime | None = None,
    regardless: Collection[User] = (),
) -> list[Notification]:
    """The one door: tells each recipient once, and returns the rows that are new.

    The same `event` of an incident (without one: of a tenant and kind) is never told to the same person twice,
    whoever else is telling it at this moment. The priority is the given one, else the kind's, else the incident's.
    Whoever turned this category off in the inbox has no row where it is low or medium, except those in `regardless`,
    and may still be told on other channels: what leaves the house is written here too, and handed over after the
    commit.
    """
    chosen = priority or kind.priority or (Priority(incident.priority) if incident else Priority.MEDIUM)
    people = {person.pk: person for person in recipients}
    muted = preferences.muted(
        user_ids=people,
        category=kind.notification_type,
        priority=chosen,
        tenant_id=tenant.pk if tenant else None,
    ) - {person.pk for person in regardless}
    same: dict[str, Any] = {"tenant": tenant, "incident": incident, "event": event, "priority": chosen}
    same |= _written(kind, context) | {"data": data or {}, "created_at": now or timezone.now()}
    # Sorted: two that tell the same people in another order cannot wait for each other.
    shown = [people[key] for key in sorted(people) if key not in muted]
    rows = [Notification(id=uuid7(), recipient=person, **same) for person in shown]
    with transaction.atomic():
        Notification.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
        inbox_changed(user_ids=[person.pk for person in shown])
        new = _stored(rows) if event else rows
        reached: dict[UUID, UUID | None] = dict.fromkeys(muted) | {row.recipient_id: row.pk for row in new}
        outbox.write(told=Notification(**same), people=reached)
    return new


def _written(kind: type[Kind], context: Mapping[str, object]) -> dict[str, Any]:
    """What a kind says in this context, and decides by itself."""
    title, message = texts.write(kind, context)
    action_text, action_url = kind.action()
    fixed = {name: getattr(kind, name) for name in ("notification_type", "is_system", "is_auto_generated")}
    return fixed | {
        "kind": kind.slug,
        "title": title,
        "message": message,
        "action_text": action_text,
        "action_url": action_url,
    }


def _stored(rows: list[Notification]) -> list[Notification]:
    """Those that are new. ON CONFLICT DO NOTHING does not say which it left out; their ids, made here, do."""
    stored = set(Notification.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
    return [row for row in rows if row.pk in stored]


def mark_read(*, user: User, notification_id: UUID) -> Notification | None:
    """Marks one as read and returns it; repeating it is fine. None when this person has no such notification."""
    return _change_one(user, notification_id, BulkAction.MARK_READ)


def mark_unread(*, user: User, notification_id: UUID) -> Notification | None:
    """Makes one unread again, out of the archive too. None when this person has no such notification."""
    return _change_one(user, notification_id, BulkAction.MARK_UNREAD)


def archive(*, user: User, notification_id: UUID) -> Notification | None:
    """Puts one away; when it was read stays known. None when this person has no such notification."""
    return _change_one(user, notification_id, BulkAction.ARCHIVE)


def _change_one(user: User, notification_id: UUID, action: "BulkAction") -> Notification | None:
    bulk(user=user, ids=[notification_id], action=action)
    return Notification.objects.addressed_to(user).filter(pk=notification_id).first()


def delete(*, user: User, notification_id: UUID) -> bool:
    """Deletes one for good; False when this person has no such notification."""
    return bool(bulk(user=user, ids=[notification_id], action=BulkAction.DELETE))


class BulkAction(models.TextChoices):
    """What `bulk` can do; the values are the API's."""

    MARK_READ = "mark_read"
    MARK_UNREAD = "mark_unread"
    ARCHIVE = "archive"
    DELETE = "delete"


def bulk(*, user: User, ids: Sequence[UUID], action: BulkAction) -> int:
    """Does one thing to many; returns how many of this person's own changed. Ids of others are passed over."""
    now = timezone.now()
    mine = Notification.objects.addressed_to(user).filter(pk__in=ids)
    match action:
        case BulkAction.MARK_READ:
            count = mine.unread().update(status=Status.READ, read_at=now, updated_at=now)
        case BulkAction.MARK_UNREAD:
            back = {"status": Status.UNREAD, "read_at": None, "archived_at": None, "updated_at": now}
            count = mine.exclude(status=Status.UNREAD).update(**back)
        case BulkAction.ARCHIVE:
            count = mine.unarchived().update(status=Status.ARCHIVED, archived_at=now, updated_at=now)
        case BulkAction.DELETE:
            # What was sent of them goes along, and is not what was asked for.
            count = mine.delete()[1].get(Notification._meta.label, 0)
    if count:
        inbox_changed(user_ids=[user.pk])
    return count


def mark_all_read(*, user: User, before: datetime.datetime | UUID | None = None) -> int:
    """Marks what this person can see as read and returns how many it was.

    `before` is a watermark, so that what arrived after the page was drawn stays unread: the id of the newest
    notification that was shown (included), or a time with the milliseconds of the API (included). The id of one that
    this person cannot see marks nothing: it stands on a page that is left from another person, or another tenant.
    """
    now = timezone.now()
    mine = Notification.objects.addressed_to(user)
    unread = mine.unexpired(now=now).unread()
    if isinstance(before, UUID):
        shown = Notification.objects.filter(pk=before)  # or deleted since, which is nobody's fault
        unread = unread.filter(~Exists(shown.exclude(pk__in=mine.filter(pk=before).values("pk"))), pk__lte=before)
    elif before is not None:
        unread = unread.created_until(before)
    count = unread.update(status=Status.READ, read_at=now, updated_at=now)
    if count:
        inbox_changed(user_ids=[user.pk])
    return count


@dataclass(frozen=True)
class Cleanup:
    read: int
    archived: int
    expired: int

    @property
    def total(self) -> int:
        return self.read + self.archived + self.expired


def cleanup(*, days: int, dry_run: bool = False, now: datetime.datetime | None = None) -> Cleanup:
    """Deletes what was read, archived or expired more than `days` days ago, for everyone, in small transactions.

    Age counts from the moment it was read, archived or expired. What is unread and not expired is never touched.
    Safe to run twice, at the same time, and to kill. A dry run counts and deletes nothing.
    """
    cutoff = (now or timezone.now()) - datetime.timedelta(days=days)
    expired = Q(expires_at__lt=cutoff)
    reasons = {
        "expired": expired,
        "archived": Q(status=Status.ARCHIVED, archived_at__lt=cutoff) & ~_given(expired),
        "read": Q(status=Status.READ, read_at__lt=cutoff) & ~_given(expired),
    }
    counted = {
        reason: Notification.objects.filter(rule).count() if dry_run else _delete(rule)
        for reason, rule in reasons.items()
    }
    return Cleanup(**counted)


def _given(rule: Q) -> Q:
    """The rule for rows where it can be answered: NOT (NULL < x) would be neither true nor false."""
    return Q(expires_at__isnull=False) & rule


def _recipients(ids: Sequence[UUID]) -> list[UUID]:
    """Whose they are, before they go."""
    return list(Notification.objects.filter(pk__in=ids).values_list("recipient_id", flat=True).distinct())


def _delete(rule: Q) -> int:
    deleted = 0
    while True:
        with transaction.atomic():
            # Rows that another cleanup is deleting are its own to count.
            ids = Notification.objects.filter(rule).select_for_update(skip_locked=True, of=("self",))
            batch = list(ids.values_list("pk", flat=True)[:CLEANUP_BATCH])
            if batch:  # Django answers None, not 0, where it need not ask the database
                inbox_changed(user_ids=_recipients(batch))
                forgetting.forget_of(notifications=batch)
                deleted += Notification.objects.filter(pk__in=batch)._raw_delete("default")
        if len(batch) < CLEANUP_BATCH:
            return deleted
