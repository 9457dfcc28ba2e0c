"""The words of a digest and of a storm's summary: what happened, newest first, bounded."""

import datetime
from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

from django.conf import settings

from notifications import wording
from notifications.kinds import MAX_MESSAGE, MAX_TITLE
from notifications.models import Notification
from notifications.models.priority import Priority

#: The `kind` of the two, which no notification has.
DIGEST, STORM = "digest", "storm_summary"


class Told(Protocol):
    """What a digest says of one of its parts."""

    @property
    def is_storm(self) -> bool: ...
    @property
    def priority(self) -> str: ...
    @property
    def created_at(self) -> datetime.datetime: ...
    @property
    def category(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def action_url(self) -> str: ...
    @property
    def notification_id(self) -> str | None: ...


def content_of(newest_first: Sequence[Told], *, priority: Priority, now: datetime.datetime) -> dict[str, Any]:
    """Of the same shape as delivery.content.of_notification. `data.items` has up to DIGEST_LINES of them for programs,
    and `message` a line for each of those."""
    is_storm = newest_first[0].is_storm
    categories = {one.category for one in newest_first}
    return {
        "type": "notification.digest",
        "notification_id": None,
        "kind": STORM if is_storm else DIGEST,
        "category": categories.pop() if len(categories) == 1 else Notification.Type.INFO.value,
        "priority": priority.value,
        "title": _title(newest_first, is_storm),
        "message": _message(newest_first, now),
        "action_text": "",
        "action_url": "",
        "data": {"count": len(newest_first), "items": [_item(one) for one in newest_first[: settings.DIGEST_LINES]]},
        "incident": None,
        "event": "",
        "created_at": now.isoformat(),
    }


def _title(newest_first: Sequence[Told], is_storm: bool) -> str:
    count = len(newest_first)
    what = f"{count} notification{'s' if count > 1 else ''}"
    text = f"Many at once: {what} held together" if is_storm else f"{what}: {newest_first[0].title}"
    return text[:MAX_TITLE]


def _message(newest_first: Sequence[Told], now: datetime.datetime) -> str:
    """Whole lines only, and the count of the rest: nobody takes the end of a cut list for the end of the list."""
    lines = [_line(one, now) for one in newest_first[: settings.DIGEST_LINES]]
    while lines and len("\n".join([*lines, _rest(newest_first[len(lines) :])])) > MAX_MESSAGE:
        lines.pop()
    rest = newest_first[len(lines) :]
    return "\n".join([*lines, _rest(rest)] if rest else lines)


def _line(one: Told, now: datetime.datetime) -> str:
    mark = f"[{one.priority}] " if Priority(one.priority) in (Priority.HIGH, Priority.CRITICAL) else ""
    return f"- {mark}{one.title} ({wording.time_ago(one.created_at, now=now)})"


def _rest(rest: Sequence[Told]) -> str:
    counted = Counter(one.category for one in rest)
    return f"... and {len(rest)} more: " + ", ".join(f"{count} {name}" for name, count in counted.most_common())


def _item(one: Told) -> dict[str, Any]:
    return {
        "notification_id": one.notification_id,
        "title": one.title,
        "category": one.category,
        "priority": one.priority,
        "action_url": one.action_url,
        "created_at": one.created_at.isoformat(),
    }
