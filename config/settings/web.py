"""The web process: where it is reached, what its pages may do, and which rooms it has."""

from config.look import UNFOLD  # noqa: F401 (django-unfold reads it here)
from config.policies import PAGES
from config.settings.base import env

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
    "config.middleware.KeepNothingMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.middleware.SlashMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.PageSessionMiddleware",
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
