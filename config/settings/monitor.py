"""The system monitor: when it runs, what is too much, and when a problem is over."""

from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from config.settings.base import DATA_DIR, env

MONITOR_INTERVAL_SECONDS = env.int("MONITOR_INTERVAL_SECONDS", default=60)
#: Who runs the monitor by itself, every MONITOR_INTERVAL_SECONDS: beat, or cron with the command.
MONITOR_SCHEDULER = env.str("MONITOR_SCHEDULER", default="beat")
if MONITOR_SCHEDULER not in ("beat", "cron"):
    raise ImproperlyConfigured(f"MONITOR_SCHEDULER is beat or cron, not {MONITOR_SCHEDULER!r}.")
#: Is called after every complete run, for a service that speaks up when the calls stop.
HEARTBEAT_URL = env.str("HEARTBEAT_URL", default="")
#: What Prometheus shows at /metrics; without one there is no such page.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
#: Whom to tell out of band, without Postgres: Apprise addresses, and e-mail addresses.
ALERT_URLS = env.addresses("ALERT_URLS")
ALERT_EMAILS = env.list("ALERT_EMAILS", default=[])
#: All calls to the outside together: alerts, or the heartbeat.
ALERT_TIME_LIMIT = timedelta(seconds=env.float("ALERT_TIME_LIMIT_SECONDS", default=2))
#: Where this machine notes what Postgres cannot be told.
SPOOL_DIR = Path(env.str("SPOOL_DIR", default=str(DATA_DIR / "spool")))
#: The public page at /status/, and for how long one reading of it is good for everybody.
STATUS_PAGE = env.bool("STATUS_PAGE", default=True)
STATUS_PAGE_FRESH = timedelta(seconds=env.float("STATUS_PAGE_SECONDS", default=20))
#: A health check younger than this is answered from the last run instead of a new one.
HEALTH_CHECK_MAX_AGE = timedelta(seconds=env.float("HEALTH_CHECK_MAX_AGE_SECONDS", default=3))
CHECK_TIME_LIMIT = timedelta(seconds=env.float("CHECK_TIME_LIMIT_SECONDS", default=3))
MONITOR_TIME_LIMIT = timedelta(seconds=env.float("MONITOR_TIME_LIMIT_SECONDS", default=15))
DATABASE_LATENCY_LIMIT_MS = env.int("DATABASE_LATENCY_LIMIT_MS", default=500)
DATABASE_CONNECTIONS_LIMIT_PERCENT = env.percent("DATABASE_CONNECTIONS_LIMIT_PERCENT", default=90)
DATABASE_SIZE_LIMIT_GB = env.int("DATABASE_SIZE_LIMIT_GB", default=0)  # 0: no limit
SUCCESS_RATE_MIN_PERCENT = env.percent("SUCCESS_RATE_MIN_PERCENT", default=80)
SUCCESS_RATE_WINDOW = timedelta(minutes=env.int("SUCCESS_RATE_WINDOW_MINUTES", default=24 * 60))
SUCCESS_RATE_MIN_SAMPLE = env.int("SUCCESS_RATE_MIN_SAMPLE", default=1)
FAILED_MESSAGES_LIMIT = env.int("FAILED_MESSAGES_LIMIT", default=50)
FAILED_MESSAGES_WINDOW = timedelta(minutes=env.int("FAILED_MESSAGES_WINDOW_MINUTES", default=24 * 60))
STUCK_MESSAGES_LIMIT = env.int("STUCK_MESSAGES_LIMIT", default=10)
STUCK_MESSAGES_AFTER = timedelta(minutes=env.int("STUCK_MESSAGES_AFTER_MINUTES", default=60))
LOW_CREDITS_LIMIT = env.int("LOW_CREDITS_LIMIT", default=100)
LOW_CREDITS_WARNING_PERCENT = env.percent("LOW_CREDITS_WARNING_PERCENT", default=25)
LOW_CREDITS_CRITICAL_PERCENT = env.percent("LOW_CREDITS_CRITICAL_PERCENT", default=10)
INACTIVE_USERS_LIMIT_PERCENT = env.percent("INACTIVE_USERS_LIMIT_PERCENT", default=70)
INACTIVE_USERS_AFTER = timedelta(days=env.int("INACTIVE_USERS_AFTER_DAYS", default=30))
#: This many runs in a row without an answer open "this check is not answering".
UNANSWERED_RUNS_LIMIT = env.int("UNANSWERED_RUNS_LIMIT", default=3)

#: Runs in a row in which a problem must not be seen before it is over; a check may say otherwise.
RECOVERY_RUNS = env.int("RECOVERY_RUNS", default=2)
#: What is open and nobody acknowledged is told again after this; 0: never.
INCIDENT_REPEAT = timedelta(minutes=env.int("INCIDENT_REPEAT_MINUTES", default=240))
#: A problem that opened so often within the window is over only after so many runs.
INCIDENT_FLAPS = env.int("INCIDENT_FLAPS", default=3)
INCIDENT_FLAP_WINDOW = timedelta(minutes=env.int("INCIDENT_FLAP_WINDOW_MINUTES", default=120))
INCIDENT_FLAP_RECOVERY_RUNS = env.int("INCIDENT_FLAP_RECOVERY_RUNS", default=6)
#: How far ahead times of maintenance are worked out.
MAINTENANCE_PLANNED_AHEAD = timedelta(hours=24)
