from notifications.models.announcement import Announcement
from notifications.models.incident import Incident
from notifications.models.missed_change import MissedChange
from notifications.models.monitor import MonitorLease, MonitorRun
from notifications.models.notification import Notification
from notifications.models.preference import NotificationSettings
from notifications.models.template import NotificationTemplate

__all__ = [
    "Announcement",
    "Incident",
    "MissedChange",
    "MonitorLease",
    "MonitorRun",
    "Notification",
    "NotificationSettings",
    "NotificationTemplate",
]
