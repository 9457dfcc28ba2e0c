"""Delivery watches itself: what was given up, and a channel by which nothing gets through, are problems too."""

import datetime

from django.conf import settings
from django.db.models import Q

from notifications import incidents
from notifications.channels import CHANNELS
from notifications.models import Channel, Delivery
from notifications.models.priority import Priority

State = Delivery.State
DEAD_LETTERS, BLOCKED = "delivery_dead_letters", "delivery_blocked"
#: Counted no further.
MOST = 1000
#: An endpoint that fails is its owner's concern, who is told of it (webhooks.standing).
WATCHED = tuple(slug for slug in CHANNELS if slug != Channel.WEBHOOK)


def watch_dead_letters(*, now: datetime.datetime) -> int:
    """Opens a problem while deliveries were given up that nobody has seen to, and ends it; returns how many there
    are, counted up to MOST."""
    found = list(Delivery.objects.to_be_seen_to().order_by("-id").values_list("channel", "reason")[:MOST])
    if found:
        incidents.see_problem(problem=_given_up(found), now=now)
    else:
        incidents.end_problem(kind=DEAD_LETTERS, scope="", summary="None is left that nobody has seen to.", now=now)
    return len(found)


def _given_up(found: list[tuple[str, str]]) -> incidents.Problem:
    count = _counted(found)
    by_channel = {slug: n for slug in CHANNELS if (n := sum(one == slug for one, _ in found))}
    parts = ", ".join(f"{n} by {slug}" for slug, n in by_channel.items())
    return incidents.Problem(
        kind=DEAD_LETTERS,
        scope="",
        priority=Priority.MEDIUM,
        title="Delivery: messages were given up",
        summary=f"{count} could not be handed over ({parts}). The last one: {found[0][1] or 'no reason given'}",
        advice="Look at them in the admin under Deliveries, then try them again or mark them as seen to.",
        details={"by_channel": by_channel},
    )


def watch_channels(*, now: datetime.datetime) -> int:
    """Opens a problem for each channel that took nothing for DELIVERY_BLOCKED_AFTER while messages wait to be tried
    again, and ends it; returns how many there are. The first of them would be given up only after hours."""
    return sum(_watch_channel(slug, now=now) for slug in WATCHED)


def _watch_channel(slug: str, *, now: datetime.datetime) -> bool:
    since = now - settings.DELIVERY_BLOCKED_AFTER
    mine = Delivery.objects.filter(channel=slug)
    failing = mine.filter(state__in=[State.WAITING, State.CLAIMED], attempts__gt=0)
    found = list(failing.filter(created_at__lt=since).order_by("id").values_list("priority", "reason")[:MOST])
    taken = Q(finished_at__gte=since) | Q(finished_at=None, created_at__gte=since)
    if not found:
        incidents.end_problem(kind=BLOCKED, scope=slug, summary="Nothing waits for another attempt any more.", now=now)
    elif mine.filter(taken, state=State.SENT).exists():
        incidents.end_problem(kind=BLOCKED, scope=slug, summary="Messages get through again.", now=now)
    else:
        incidents.see_problem(problem=_blocked(Channel(slug), found), now=now)
        return True
    return False


def _blocked(channel: Channel, found: list[tuple[str, str]]) -> incidents.Problem:
    minutes = round(settings.DELIVERY_BLOCKED_AFTER.total_seconds() / 60)
    is_urgent = any(priority in (Priority.HIGH, Priority.CRITICAL) for priority, _ in found)
    count = _counted(found)
    reason = next((reason for _, reason in found if reason), "no reason given")
    return incidents.Problem(
        kind=BLOCKED,
        scope=channel.value,
        priority=Priority.HIGH if is_urgent else Priority.MEDIUM,
        title=f"Delivery: nothing gets through by {channel.label}",
        summary=f"None was taken in {minutes} minutes, and {count} wait to be tried again. The oldest: {reason}",
        advice="Mend what the reason names; what waits is then sent by itself.",
        details={"channel": channel.value, "waiting": len(found)},
    )


def _counted(found: list[tuple[str, str]]) -> str:
    return f"{len(found)}" if len(found) < MOST else f"{MOST} or more"
