"""Celery's way into the monitor and the retention."""

from celery import shared_task
from django.conf import settings

from notifications import services
from notifications.system_monitor import monitor
from notifications.system_monitor.retention import forget_old_runs


@shared_task
def run_monitor() -> dict[str, str]:
    """Evaluates the platform's health; beat calls it every MONITOR_INTERVAL_SECONDS."""
    report = monitor.check_health()
    return {"state": report["state"], "at": report["timestamp"]}


@shared_task
def retention() -> dict[str, int]:
    """Deletes what RETENTION_DAYS no longer keeps; once a day."""
    gone = services.cleanup(days=settings.RETENTION_DAYS)
    return {"notifications": gone.total, "monitor_runs": forget_old_runs()}
