"""Whether the people are still there."""

import datetime

from django.conf import settings

from notifications import wording
from notifications.models.priority import Priority
from notifications.system_monitor.checks.base import Context, HealthCheck
from notifications.system_monitor.checks.user_activity.people import look
from notifications.system_monitor.judging import Rule, above
from notifications.system_monitor.limits import Limit
from notifications.system_monitor.report import Listing, Measurement

MOST = Limit("warning", "INACTIVE_USERS_LIMIT_PERCENT", "Share of inactive users that is still usual", "%", 0, 100)
AWAY = Rule("", "User Activity: most users are away", (MOST,), "share", "%", above("share", MOST, Priority.LOW))


class UserActivity(HealthCheck):
    """Its rule looks at a month, so it need not look every minute."""

    slug = "user_activity"
    component = "User Activity"
    listing = Listing.WARNINGS
    limits = (MOST,)
    rules = (AWAY,)
    cadence = datetime.timedelta(minutes=5)
    runbook = "docs/monitoring.md#user-activity"

    def measure(self, context: Context) -> Measurement:
        limit, after = context.limits.get(self.slug, MOST), settings.INACTIVE_USERS_AFTER
        found = look(now=context.now, after=after)
        # Nobody is away where nobody is. The exact share is what is judged; people are shown a rounded one.
        share = 100 * found.inactive / found.users if found.users else 0.0
        percent = round(share, 1) if found.users else None
        length = wording.window(after) if after < datetime.timedelta(days=2) else f"{after.days} days"
        summary = f"{found.inactive} of {found.users} active users were not seen for {length} or more."
        return Measurement(
            summary=summary,
            measured=percent,
            unit="%",
            sample=found.users,
            threshold=f"at most {limit} %",
            findings=AWAY.findings(
                AWAY.judge({"share": share}, {MOST.name: limit}),
                f"{summary} That is {round(share, 1):g} %; more than {limit} % is unusual.",
                "Check that people can sign in, then ask the tenants that went quiet.",
            ),
            details={"inactive": found.inactive, "inactive_after": length, **found.patterns(context.now)},
            numbers={"share": share, **found.numbers(context.now)},
        )
