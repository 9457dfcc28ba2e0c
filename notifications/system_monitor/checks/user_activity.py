"""Whether the people are still there."""

import datetime

from django.conf import settings
from django.db.models import Count, Q
from django.db.models.functions import Coalesce, Greatest

from accounts.models import User
from notifications import wording
from notifications.models.priority import Priority
from notifications.system_monitor.checks.base import Context, HealthCheck
from notifications.system_monitor.report import Finding, Listing, Measurement


class UserActivity(HealthCheck):
    slug = "user_activity"
    component = "User Activity"
    listing = Listing.WARNINGS

    def measure(self, context: Context) -> Measurement:
        now = context.now
        limit, after = settings.INACTIVE_USERS_LIMIT_PERCENT, settings.INACTIVE_USERS_AFTER
        # GREATEST passes over NULL in Postgres. Who never signed in counts from the day they joined, so that
        # somebody who was invited yesterday is not called inactive.
        last_use = Coalesce(Greatest("last_login", "last_seen_at"), "created_at")
        counted = (
            User.objects.active()
            .annotate(last_use=last_use)
            .aggregate(users=Count("pk"), inactive=Count("pk", filter=Q(last_use__lte=now - after)))
        )
        users, inactive = counted["users"], counted["inactive"]
        percent = round(100 * inactive / users, 1) if users else None
        length = wording.window(after) if after < datetime.timedelta(days=2) else f"{after.days} days"
        summary = f"{inactive} of {users} active users were not seen for {length} or more."
        findings = []
        if inactive * 100 > limit * users:
            findings.append(
                Finding(
                    "",
                    Priority.LOW,
                    "User Activity: most users are away",
                    f"{summary} That is {percent:g} %; more than {limit} % is unusual.",
                    "Check that people can sign in, then ask the tenants that went quiet.",
                )
            )
        return Measurement(
            summary=summary,
            measured=percent,
            unit="%",
            sample=users,
            threshold=f"at most {limit} %",
            findings=findings,
            details={"inactive": inactive, "inactive_after": length},
        )
