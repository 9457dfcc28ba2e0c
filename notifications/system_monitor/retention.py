import datetime

from django.utils import timezone

from notifications.models import MonitorRun

KEPT = datetime.timedelta(days=2)


def forget_old_runs() -> int:
    """Deletes runs older than two days; returns how many. The newest is kept, whatever its age."""
    newest = MonitorRun.objects.order_by("-finished_at").values("pk")[:1]
    deleted, _ = MonitorRun.objects.filter(finished_at__lt=timezone.now() - KEPT).exclude(pk__in=newest).delete()
    return deleted
