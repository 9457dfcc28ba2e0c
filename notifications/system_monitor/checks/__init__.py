"""One file a check. The database comes first: without it the others cannot be asked."""

from notifications.system_monitor.checks.base import HealthCheck
from notifications.system_monitor.checks.database import Database
from notifications.system_monitor.checks.failed_messages import FailedMessages
from notifications.system_monitor.checks.message_delivery import MessageDelivery
from notifications.system_monitor.checks.sms_credits import SmsCredits
from notifications.system_monitor.checks.sms_service import SmsService
from notifications.system_monitor.checks.user_activity import UserActivity

CHECKS: tuple[type[HealthCheck], ...] = (
    Database,
    SmsService,
    FailedMessages,
    MessageDelivery,
    SmsCredits,
    UserActivity,
)
BY_SLUG = {check.slug: check for check in CHECKS}
