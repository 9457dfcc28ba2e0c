from notifications.models.incident import Incident
from notifications.models.monitor import MonitorLease, MonitorRun
from notifications.models.notification import Notification

__all__ = ["Incident", "MonitorLease", "MonitorRun", "Notification"]
