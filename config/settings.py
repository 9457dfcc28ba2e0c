"""Every knob, read from the environment and named in docs/configuration.md.

What is set in the environment wins; then come the lines of `DATA_DIR/settings.env`, which `make up` writes so that a
`manage.py` in another terminal judges by the same rules; then the defaults here.
"""

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured

from config import embedded, logs
from config.environment import Environment
from config.look import UNFOLD  # noqa: F401 (django-unfold reads it here)
from config.policies import PAGES

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()
DATA_DIR = BASE_DIR / env.str("DATA_DIR", default=".data")
PLACES = embedded.places(DATA_DIR)
if PLACES.settings_file.exists():
    env.read_env(PLACES.settings_file)

# --- Identity and reach ------------------------------------------------------------------------------------------

SECRET_KEY = env.str("SECRET_KEY", default="")  # empty is refused by Django at first use; `make up` makes one
DEBUG = env.bool("DEBUG", default=False)
#: The demo's sign-ins work, and the demo's password is accepted, only where this is on.
DEMO = env.bool("DEMO", default=False)
#: The carrier's health in the demo, over and over: profile:seconds.
DEMO_STORY = env.list("DEMO_STORY", default=["healthy:12", "degraded:45", "healthy:240"])
DEMO_PASSWORD = "bellwether-demo"  # noqa: S105 (printed by `make up`; refused everywhere else)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
#: Where this service is reached from outside; carriers post receipts below it.
PUBLIC_URL = env.str("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_URLS_REGEX = r"^/api/"
CORS_EXPOSE_HEADERS = [
    *("ETag", "Link", "Retry-After", "X-Poll-Interval", "X-Inbox", "X-Request-ID", "Idempotency-Replayed"),
]
CORS_ALLOW_HEADERS = ["accept", "authorization", "content-type", "idempotency-key", "if-none-match", "x-csrftoken"]
#: What our pages may load, and from where; the admin's and the API reference's say what they need besides.
CONTENT_SECURITY_POLICY = {"DIRECTIVES": PAGES}
#: How many proxies of ours stand in front and append to X-Forwarded-For; 0 trusts nobody's header.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
HTTPS = env.bool("HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS and TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=0)
SESSION_COOKIE_HTTPONLY = True
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

# --- Rooms -------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config.apps.ConfigConfig",  # first: its `migrate` and `flush` take the place of Django's
    "unfold.apps.BasicAppConfig",  # before the admin, whose templates it takes the place of
    "unfold.contrib.filters",
    "config.apps.BellwetherAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework_simplejwt.token_blacklist",
    "django_filters",
    "accounts",
    "tenants",
    "sms",
    "notifications",
]
MIDDLEWARE = [
    "config.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "config.middleware.PagePolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.middleware.SlashMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.LastSeenMiddleware",
    "tenants.middleware.TenantScopeMiddleware",
    "config.middleware.PageMessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # files are served from where they lie; nothing has to be collected first
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = "config.formats"
USE_TZ = True

# --- Postgres and Redis ------------------------------------------------------------------------------------------

_CONNECTING: dict[str, Any] = {
    "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=600),
    "CONN_HEALTH_CHECKS": True,
    # The tenant is named in front of a statement (tenants.isolation), which a named cursor cannot carry; a pooler that
    # hands each transaction another connection cannot carry one either.
    "DISABLE_SERVER_SIDE_CURSORS": True,
}


#: Seconds until Postgres is called unreachable, and after which a request or a task has it asked whether it answers.
DATABASE_CONNECT_TIMEOUT = env.int("DATABASE_CONNECT_TIMEOUT", default=2)
DATABASE_SILENCE = env.float("DATABASE_SILENCE_SECONDS", default=15)


def _database(server: dict[str, Any]) -> dict[str, Any]:
    options = {"connect_timeout": DATABASE_CONNECT_TIMEOUT} | server.get("OPTIONS", {})
    return _CONNECTING | server | {"OPTIONS": options}


def _embedded_database(role: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": embedded.DATABASE,
        "USER": role,
        "PASSWORD": "",
        "HOST": str(PLACES.postgres_sockets),
        "PORT": "",
    }


EMBEDDED_POSTGRES = not env.str("DATABASE_URL", default="")
EMBEDDED_REDIS = not env.str("REDIS_URL", default="")
DATABASES = {
    "default": _database(_embedded_database(embedded.APP_ROLE) if EMBEDDED_POSTGRES else env.db("DATABASE_URL"))
}
#: Off behind a pooler that hands each transaction another connection.
PREPARED_STATEMENTS = env.bool("PREPARED_STATEMENTS", default=True)
#: A copy, because config/database.py swaps the role in DATABASES for a while.
DATABASE_APP_ROLE = str(DATABASES["default"]["USER"])
#: The role that migrates; see config/database.py. None where only DATABASE_URL was given.
DATABASE_OWNER: dict[str, Any] | None = (
    _embedded_database(embedded.OWNER_ROLE)
    if EMBEDDED_POSTGRES
    else env.db("DATABASE_OWNER_URL")
    if env.str("DATABASE_OWNER_URL", default="")
    else None
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = PLACES.redis_url if EMBEDDED_REDIS else env.str("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
        "KEY_PREFIX": "cache",
    }
}

# --- Sign-in -----------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.EmailBackend"]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.passwords.EndSessionsOnChange"},
]
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=env.int("ACCESS_TOKEN_MINUTES", default=15)),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=env.int("REFRESH_TOKEN_DAYS", default=14)),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "UPDATE_LAST_LOGIN": False,  # accounts.services does, together with the SignIn row
    "LEEWAY": 5,
}
#: Sign-in attempts a minute: from one address for one e-mail, and from one address for all.
SIGN_IN_ATTEMPTS_PER_MINUTE = env.int("SIGN_IN_ATTEMPTS_PER_MINUTE", default=10)
SIGN_IN_ATTEMPTS_PER_MINUTE_AND_ADDRESS = env.int("SIGN_IN_ATTEMPTS_PER_MINUTE_AND_ADDRESS", default=60)
#: Failed attempts and ended sessions are kept this long.
SIGN_IN_HISTORY = timedelta(days=env.int("SIGN_IN_HISTORY_DAYS", default=90))
#: `last_seen_at` moves at most this often, so that a busy person costs one write in a while.
LAST_SEEN_RESOLUTION = timedelta(minutes=env.int("LAST_SEEN_MINUTES", default=5))

# --- API ---------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.SessionBoundJWTAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["config.rendering.UtcJSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.rendering.ObjectJSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.throttling.CallThrottle"],
    "EXCEPTION_HANDLER": "config.exceptions.problem_response",
    "DEFAULT_SCHEMA_CLASS": "config.openapi.CallSchema",
    "URL_FORMAT_OVERRIDE": None,  # an unknown `format` in the query is as unknown as any other word there
    "DATETIME_FORMAT": None,  # the renderer writes every time alike, in serializers and in plain dicts
    "NUM_PROXIES": TRUSTED_PROXIES,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Bellwether",
    "DESCRIPTION": "Notifications and health monitoring of a multi-tenant SMS platform. Times are ISO 8601 in UTC "
    "with milliseconds and `Z`, ids are UUIDs, and every error has the one shape `Problem`.",
    "VERSION": "0.1.0",
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "OAS_VERSION": "3.1.1",
    "TAGS": [
        {"name": "Sign-in", "description": "Tokens, sessions and my profile."},
        {"name": "Tenants", "description": "Whose data I work on."},
        {"name": "Inbox", "description": "What I am told."},
        {"name": "Settings", "description": "How I am told."},
        {"name": "System", "description": "The platform itself, for its admins."},
        {"name": "Templates", "description": "The platform's own words, for its admins."},
        {"name": "Webhooks", "description": "Which programs are told, and what became of it."},
        {"name": "SMS", "description": "What my tenant sends."},
        {"name": "Contacts", "description": "Whom my tenant writes to."},
        {"name": "Credits", "description": "What my tenant may still send."},
        {"name": "Carriers", "description": "What carriers call."},
    ],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.openapi.describe_refusals",
    ],
    "ENUM_SUFFIX": "",
    "ENUM_NAME_OVERRIDES": {
        "AnnouncementState": "notifications.models.Announcement.State",
        "AttemptOutcome": "sms.models.Attempt.Outcome",
        "BulkAction": "notifications.services.BulkAction",
        "Column": "notifications.models.choice.Column",
        "DeliveryChannel": ["in_app", "email", "sms"],
        "DeliveryOutcome": "notifications.models.DeliveryAttempt.Outcome",
        "DeliveryState": "notifications.models.Delivery.State",
        "CreditEntryKind": "sms.models.CreditEntry.Kind",
        "CreditLevel": ["critical", "warning", "ok"],
        "CsvDelimiter": [",", ";", "\t"],
        "Encoding": ["GSM-7", "UCS-2"],
        "HealthState": ["ok", "warning", "critical", "unknown"],
        "ItemStatus": ["OK", "WARNING", "ERROR", "UNKNOWN"],
        "IncidentEventKind": "notifications.models.IncidentEvent.Kind",
        "IncidentState": "notifications.models.Incident.State",
        "MaintenanceState": ["planned", "on", "over", "cancelled"],
        "MessageState": ["cancelled", "delivered", "failed", "pending", "sending"],
        "MessageStatus": "sms.models.Status",
        "NotificationStatus": "notifications.models.Notification.Status",
        "NotificationType": "notifications.models.Notification.Type",
        "Priority": "notifications.models.priority.Priority",
        "PriorityOrUrgent": ["low", "medium", "high", "critical", "urgent"],
        "Role": "tenants.models.Membership.Role",
        "Outcome": ["sent", "held", "skipped"],
        "Traffic": "sms.models.Traffic",
        "Weekday": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
        "When": "notifications.models.choice.When",
        "Whose": "notifications.delivery.rules.Whose",
    },
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "DISABLE_DOCSTRING_DESCRIPTIONS": True,  # docstrings are written for those who read the code
    "SCHEMA_PATH_PREFIX": "/api/",
    "SORT_OPERATION_PARAMETERS": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"validatorUrl": None, "persistAuthorization": False, "tryItOutEnabled": True},
}
#: Calls a minute, 0 for no limit: of one person, of one address where nobody is signed in, of one address in all.
#: Some tabs and a clean-up by hand stay far below them, a loop that runs away does not.
READS_PER_MINUTE = env.int("READS_PER_MINUTE", default=600)
WRITES_PER_MINUTE = env.int("WRITES_PER_MINUTE", default=240)
ANONYMOUS_CALLS_PER_MINUTE = env.int("ANONYMOUS_CALLS_PER_MINUTE", default=300)
CALLS_PER_MINUTE_AND_ADDRESS = env.int("CALLS_PER_MINUTE_AND_ADDRESS", default=6000)
#: The contract's: an Idempotency-Key is remembered this long.
IDEMPOTENCY_KEPT = timedelta(hours=24)
DATA_UPLOAD_MAX_MEMORY_SIZE = env.int("MAX_BODY_BYTES", default=2_500_000)

# --- SMS ---------------------------------------------------------------------------------------------------------

SMS_PROVIDER = env.str("SMS_PROVIDER", default="simulator")
#: Messages a second that all workers together may hand to a provider: slug:rate, with commas.
SMS_RATES = env.rates("SMS_RATES")
SMS_DEFAULT_REGION = env.str("SMS_DEFAULT_REGION", default="TZ")
#: Off: receipts are refused with 503, so nothing is ever recorded as delivered.
SMS_RECEIPTS_ENABLED = env.bool("SMS_RECEIPTS_ENABLED", default=True)
SMS_MAX_ATTEMPTS = env.int("SMS_MAX_ATTEMPTS", default=10)
#: How long one worker may hold a message that it is handing to a carrier.
SMS_CLAIM_LEASE = timedelta(seconds=env.int("SMS_CLAIM_LEASE_SECONDS", default=60))
#: Traffic moves away from a provider of which this share of the last window's submissions or messages failed, or whose
#: deliveries took too long; it keeps a small share, rests, and comes back in steps.
SMS_FAILOVER_WINDOW = timedelta(minutes=env.int("SMS_FAILOVER_WINDOW_MINUTES", default=10))
SMS_FAILOVER_MIN_SAMPLE = env.int("SMS_FAILOVER_MIN_SAMPLE", default=20)
SMS_FAILOVER_ERROR_PERCENT = env.int("SMS_FAILOVER_ERROR_PERCENT", default=40)
SMS_FAILOVER_DELIVERY_SECONDS = env.int("SMS_FAILOVER_DELIVERY_SECONDS", default=600)
SMS_FAILOVER_SHARE_PERCENT = env.int("SMS_FAILOVER_SHARE_PERCENT", default=5)
SMS_FAILOVER_COOLDOWN = timedelta(minutes=env.int("SMS_FAILOVER_COOLDOWN_MINUTES", default=10))
SMS_FAILOVER_STEP_PERCENT = env.int("SMS_FAILOVER_STEP_PERCENT", default=20)
SMS_SWEEP_SECONDS = env.int("SMS_SWEEP_SECONDS", default=15)
#: How long a gateway may take to answer one call.
SMS_GATEWAY_TIMEOUT_SECONDS = env.float("SMS_GATEWAY_TIMEOUT_SECONDS", default=10)
TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", default="")
TWILIO_API_URL = env.str("TWILIO_API_URL", default="https://api.twilio.com").rstrip("/")
#: Gateways of the `http` provider, as JSON: {slug: {"profile": name, ...}}; see docs/providers.md.
SMS_HTTP_GATEWAYS = env.json("SMS_HTTP_GATEWAYS", default={})
SIMULATOR_SECRET = env.str("SIMULATOR_SECRET", default="")
SIMULATOR_SEED = env.int("SIMULATOR_SEED", default=1)

# --- Webhooks ----------------------------------------------------------------------------------------------------

#: Plain http is for development: whoever is on the way reads along, and may keep a message from arriving.
WEBHOOK_ALLOW_HTTP = env.bool("WEBHOOK_ALLOW_HTTP", default=False)
#: Networks that webhooks may lead to besides the public internet, such as 10.2.0.0/16.
WEBHOOK_ALLOWED_NETWORKS = [ip_network(text) for text in env.list("WEBHOOK_ALLOWED_NETWORKS", default=[])]
#: A file of certificates that receivers are judged by; empty: those of public authorities.
WEBHOOK_CA_BUNDLE = env.str("WEBHOOK_CA_BUNDLE", default="")
#: How long one address may take to connect, and the whole call from the look-up of its name to the answer.
WEBHOOK_CONNECT_TIMEOUT_SECONDS = env.float("WEBHOOK_CONNECT_TIMEOUT_SECONDS", default=3)
WEBHOOK_TIMEOUT_SECONDS = env.float("WEBHOOK_TIMEOUT_SECONDS", default=10)
#: After a change of the secret the previous one signs so long, where the call does not say otherwise.
WEBHOOK_SECRET_OVERLAP_HOURS = env.int("WEBHOOK_SECRET_OVERLAP_HOURS", default=24)
#: Disabled when both hold: so many calls in a row failed, and the first of them so long ago.
WEBHOOK_DISABLE_FAILURES = env.int("WEBHOOK_DISABLE_FAILURES", default=10)
WEBHOOK_DISABLE_AFTER = timedelta(hours=env.float("WEBHOOK_DISABLE_AFTER_HOURS", default=48))
#: Of one tenant, and of the platform.
WEBHOOK_ENDPOINTS_LIMIT = env.int("WEBHOOK_ENDPOINTS_LIMIT", default=20)

# --- Monitor -----------------------------------------------------------------------------------------------------

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
ALERT_URLS = env.list("ALERT_URLS", default=[])
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
DATABASE_CONNECTIONS_LIMIT_PERCENT = env.int("DATABASE_CONNECTIONS_LIMIT_PERCENT", default=90)
DATABASE_SIZE_LIMIT_GB = env.int("DATABASE_SIZE_LIMIT_GB", default=0)  # 0: no limit
SUCCESS_RATE_MIN_PERCENT = env.int("SUCCESS_RATE_MIN_PERCENT", default=80)
SUCCESS_RATE_WINDOW = timedelta(minutes=env.int("SUCCESS_RATE_WINDOW_MINUTES", default=24 * 60))
SUCCESS_RATE_MIN_SAMPLE = env.int("SUCCESS_RATE_MIN_SAMPLE", default=1)
FAILED_MESSAGES_LIMIT = env.int("FAILED_MESSAGES_LIMIT", default=50)
FAILED_MESSAGES_WINDOW = timedelta(minutes=env.int("FAILED_MESSAGES_WINDOW_MINUTES", default=24 * 60))
STUCK_MESSAGES_LIMIT = env.int("STUCK_MESSAGES_LIMIT", default=10)
STUCK_MESSAGES_AFTER = timedelta(minutes=env.int("STUCK_MESSAGES_AFTER_MINUTES", default=60))
LOW_CREDITS_LIMIT = env.int("LOW_CREDITS_LIMIT", default=100)
LOW_CREDITS_WARNING_PERCENT = env.int("LOW_CREDITS_WARNING_PERCENT", default=25)
LOW_CREDITS_CRITICAL_PERCENT = env.int("LOW_CREDITS_CRITICAL_PERCENT", default=10)
INACTIVE_USERS_LIMIT_PERCENT = env.int("INACTIVE_USERS_LIMIT_PERCENT", default=70)
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

# --- Notifications -----------------------------------------------------------------------------------------------

POLL_INTERVAL_SECONDS = env.int("POLL_INTERVAL_SECONDS", default=30)
#: Polls that everybody together may make before X-Poll-Interval grows, and that one person may make at all.
POLLS_PER_SECOND = env.int("POLLS_PER_SECOND", default=300)
POLLS_PER_MINUTE = env.int("POLLS_PER_MINUTE", default=240)
UNREAD_COUNT_CAP = 1000  # the contract's; a longer count tells a person nothing more
RETENTION_DAYS = env.int("RETENTION_DAYS", default=30)
#: Categories that nobody can switch off in the inbox and by e-mail; security is one whatever is named here.
MANDATORY_CATEGORIES = env.list("MANDATORY_CATEGORIES", default=["security"])
#: Of more than so many deliveries to one person on one channel within the window, the rest is told in a summary;
#: 0: never.
STORM_LIMIT = env.int("STORM_LIMIT", default=10)
STORM_WINDOW = timedelta(minutes=env.int("STORM_WINDOW_MINUTES", default=10))
#: A storm that goes on longer is summed up all the same.
STORM_LONGEST = timedelta(minutes=env.int("STORM_LONGEST_MINUTES", default=60))
#: How many of its notifications a digest names; the rest is counted.
DIGEST_LINES = env.int("DIGEST_LINES", default=20)
#: Nobody is left snoozing for longer by mistake.
SNOOZE_LONGEST = timedelta(days=env.int("SNOOZE_LONGEST_DAYS", default=30))
#: Where the front end sells credits: an absolute address or a path on its site. Without one, warnings have no button.
TOP_UP_URL = env.str("TOP_UP_URL", default="")

# --- E-mail ------------------------------------------------------------------------------------------------------

vars().update(env.email_url("EMAIL_URL", default="smtp://localhost:25"))
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("EMAIL_FROM", default="bellwether@localhost")
#: Without a server that was named nobody is told by e-mail, and each delivery says why.
EMAIL_IS_SET = bool(env.str("EMAIL_URL", default=""))

# --- Event stream (a process of its own: manage.py stream) -------------------------------------------------------

#: Where the web process sends who asks it for the stream: an address, or "" for its own host at STREAM_PORT.
STREAM_URL = env.str("STREAM_URL", default="")
STREAM_PORT = env.int("STREAM_PORT", default=8001)
#: Open at once: in one process, and of one person in it.
STREAM_CONNECTIONS = env.int("STREAM_CONNECTIONS", default=15_000)
STREAMS_PER_PERSON = env.int("STREAMS_PER_PERSON", default=20)
STREAM_HEARTBEAT_SECONDS = env.int("STREAM_HEARTBEAT_SECONDS", default=15)
STREAM_TICKET_SECONDS = env.int("STREAM_TICKET_SECONDS", default=30)

# --- Delivery ----------------------------------------------------------------------------------------------------

#: How long one worker may hold what it hands over; half of it is for handing over.
DELIVERY_LEASE = timedelta(seconds=env.int("DELIVERY_LEASE_SECONDS", default=120))
#: A channel that has taken nothing for so long, while messages wait to be tried again, is a problem.
DELIVERY_BLOCKED_AFTER = timedelta(minutes=env.int("DELIVERY_BLOCKED_AFTER_MINUTES", default=15))
DELIVERY_SWEEP_SECONDS = env.int("DELIVERY_SWEEP_SECONDS", default=15)
#: The tenant (its slug) whose credits pay for SMS notifications; without one there are none.
NOTIFICATION_SMS_TENANT = env.str("NOTIFICATION_SMS_TENANT", default="")
NOTIFICATION_SMS_SENDER = env.str("NOTIFICATION_SMS_SENDER", default="Bellwether")
#: Credits that all SMS notifications of one day (UTC) may cost together.
NOTIFICATION_SMS_DAILY_CREDITS = env.int("NOTIFICATION_SMS_DAILY_CREDITS", default=200)

# --- Celery ------------------------------------------------------------------------------------------------------

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

# --- Logs --------------------------------------------------------------------------------------------------------

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
#: json for machines, console for people.
LOG_FORMAT = env.str("LOG_FORMAT", default="json")
LOGGING_CONFIG = None
logs.configure(level=LOG_LEVEL, as_json=LOG_FORMAT == "json")
