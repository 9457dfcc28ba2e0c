"""The demo: its sign-ins, its rules, and the guard that keeps both out of everything else."""

import structlog
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import Error as DatabaseError

log = structlog.get_logger(__name__)

ADMIN, STAFF = "admin@example.com", "staff@example.com"
OWNER, MEMBER, OUTSIDER = "owner@example.com", "member@example.com", "outsider@example.com"
SIGN_INS = {
    ADMIN: "superuser",
    STAFF: "staff",
    OWNER: "owner of Acacia Pharmacy",
    MEMBER: "member of Acacia Pharmacy",
    OUTSIDER: "owner of another tenant",
}

#: The ordinary settings that the demo changes, so that a day's history fits into minutes. What is set in the
#: environment wins over them.
RULES = {
    "MONITOR_INTERVAL_SECONDS": "5",
    "SUCCESS_RATE_WINDOW_MINUTES": "1",
    "FAILED_MESSAGES_WINDOW_MINUTES": "1",
    "STUCK_MESSAGES_AFTER_MINUTES": "5",
    "SMS_SWEEP_SECONDS": "5",
    "POLL_INTERVAL_SECONDS": "30",
}


class DemoSignInsOutsideDemo(SystemExit):
    """The published password would open this installation."""


def refuse_demo_sign_ins() -> None:
    """Ends the process when the demo's accounts are in the database and this is not the demo.

    A database that cannot be asked is no reason not to start (the web process has to say so to its callers); the
    sign-in itself refuses the demo's password in any case.
    """
    if settings.DEMO:
        return
    users = get_user_model().objects.filter(is_active=True, email__in=SIGN_INS)
    try:
        found = [user.email for user in users if user.check_password(settings.DEMO_PASSWORD)]
    except DatabaseError as error:
        log.warning("could not look for demo sign-ins", error=type(error).__name__)
        return
    if found:
        raise DemoSignInsOutsideDemo(
            f"Not starting: {', '.join(sorted(found))} can sign in with the demo's published password. Delete them or "
            "change their passwords, or set DEMO=true if this is the demo."
        )
