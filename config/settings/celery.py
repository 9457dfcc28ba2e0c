"""Celery, and what beat calls when."""

from celery.schedules import crontab

from config.settings.base import DATA_DIR
from config.settings.monitor import MONITOR_INTERVAL_SECONDS
from config.settings.notifications import DELIVERY_SWEEP_SECONDS
from config.settings.servers import REDIS_URL
from config.settings.sms import SMS_SWEEP_SECONDS

# The same server and database in Celery's own spelling.
CELERY_BROKER_URL = (
    REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)
    if REDIS_URL.startswith("unix://")
    else REDIS_URL
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 300
CELERY_BEAT_SCHEDULER = "config.beat:Scheduler"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    # Each expires after one period: a worker that was away does not come back to a pile of them.
    "monitor": {
        "task": "notifications.tasks.run_monitor",
        "schedule": MONITOR_INTERVAL_SECONDS,
        "options": {"expires": MONITOR_INTERVAL_SECONDS},
    },
    "sweep messages": {
        "task": "sms.tasks.sweep",
        "schedule": SMS_SWEEP_SECONDS,
        "options": {"expires": SMS_SWEEP_SECONDS},
    },
    "poll reports": {"task": "sms.tasks.poll_reports", "schedule": 60, "options": {"expires": 60}},
    "missed inbox changes": {
        "task": "notifications.tasks.make_up_for_missed_changes",
        "schedule": 5,
        "options": {"expires": 5},
    },
    "sweep announcements": {
        "task": "notifications.tasks.sweep_announcements",
        "schedule": 30,
        "options": {"expires": 30},
    },
    "sweep deliveries": {
        "task": "notifications.tasks.sweep_deliveries",
        "schedule": DELIVERY_SWEEP_SECONDS,
        "options": {"expires": DELIVERY_SWEEP_SECONDS},
    },
    "review providers": {"task": "sms.tasks.review_providers", "schedule": 60, "options": {"expires": 60}},
    "expire credits": {"task": "sms.tasks.expire_credits", "schedule": 60, "options": {"expires": 60}},
    "falls of credits": {"task": "sms.tasks.announce_falls", "schedule": 30, "options": {"expires": 30}},
    "reconcile credits": {"task": "sms.tasks.reconcile_credits", "schedule": crontab(hour=2, minute=45)},
    "squash counts": {"task": "sms.tasks.squash_counts", "schedule": 60, "options": {"expires": 60}},
    "retention": {"task": "notifications.tasks.retention", "schedule": crontab(hour=3, minute=15)},
    "roll up history": {"task": "notifications.tasks.roll_up_history", "schedule": crontab(minute=11)},
    "count sign-ins": {"task": "accounts.tasks.count_sign_ins", "schedule": crontab(minute=7)},
    "retention of sign-ins": {"task": "accounts.tasks.retention", "schedule": crontab(hour=3, minute=45)},
}
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 2, "max_retries": 2}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1}
