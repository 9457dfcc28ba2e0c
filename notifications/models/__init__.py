from notifications.models.announcement import Announcement
from notifications.models.choice import ChannelChoice
from notifications.models.delivery import Channel, Delivery, DeliveryAttempt, SmsSpending
from notifications.models.incident import Incident, IncidentAudience, IncidentEvent, Suspicion
from notifications.models.maintenance import MaintenanceOccurrence, MaintenanceWindow
from notifications.models.missed_change import MissedChange
from notifications.models.monitor import CheckResult, MonitorLease, MonitorRun, ReplayedEvent
from notifications.models.notification import Notification
from notifications.models.preference import NotificationSettings
from notifications.models.template import NotificationTemplate
from notifications.models.threshold import Threshold, ThresholdChange
from notifications.models.webhook import WebhookEndpoint

__all__ = [
    "Announcement",
    "Channel",
    "ChannelChoice",
    "CheckResult",
    "Delivery",
    "DeliveryAttempt",
    "Incident",
    "IncidentAudience",
    "IncidentEvent",
    "MaintenanceOccurrence",
    "MaintenanceWindow",
    "MissedChange",
    "MonitorLease",
    "MonitorRun",
    "Notification",
    "NotificationSettings",
    "NotificationTemplate",
    "ReplayedEvent",
    "SmsSpending",
    "Suspicion",
    "Threshold",
    "ThresholdChange",
    "WebhookEndpoint",
]
