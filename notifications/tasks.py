"""Celery's way into the monitor, the announcements, the deliveries and the retention."""

from uuid import UUID

from celery import shared_task
from django.conf import settings
from redis import RedisError

from notifications import announcements, poll_store, services
from notifications.delivery import dispatch, forgetting, sweeping
from notifications.system_monitor import monitor
from notifications.system_monitor.retention import forget_old_runs


@shared_task
def run_monitor() -> dict[str, str]:
    """Evaluates the platform's health; beat calls it every MONITOR_INTERVAL_SECONDS."""
    report = monitor.check_health()
    return {"state": report["state"], "at": report["timestamp"]}


@shared_task
def make_up_for_missed_changes() -> dict[str, int]:
    """Ends stored polls of people whose inbox changed while Redis could not be told."""
    try:
        return {"people": poll_store.make_up_for_missed()}
    except RedisError:
        return {"people": 0}  # not back yet; the next call is soon


@shared_task
def fan_out_announcement(announcement_id: str) -> dict[str, int]:
    """Goes on telling one announcement. Losing this message loses nothing: `sweep_announcements` finds the row."""
    return {"created": announcements.fan_out(announcement_id=UUID(announcement_id))}


@shared_task
def sweep_announcements() -> dict[str, int]:
    """Finds announcements that a crash or a lost hint left behind."""
    return {"handed_out": announcements.sweep()}


@shared_task
def hand_over(channel: str) -> dict[str, int]:
    """Hands over what is due on a channel, for a while; returns how many attempts ended how."""
    return dispatch.hand_over(slug=channel)


@shared_task
def sweep_deliveries() -> dict[str, int]:
    """Finds deliveries that a crash or a lost hint left behind."""
    return sweeping.sweep()


@shared_task
def retention() -> dict[str, int]:
    """Deletes what RETENTION_DAYS no longer keeps; once a day."""
    days = settings.RETENTION_DAYS
    gone = services.cleanup(days=days)
    # After the notifications, whose last may have been what an announcement was still kept for.
    announced = announcements.forget_old(days=days)
    delivered = forgetting.forget_old(days=days)
    return {
        "notifications": gone.total,
        "announcements": announced,
        "deliveries": delivered,
        "monitor_runs": forget_old_runs(),
    }
