"""The API: how it reads, refuses and answers, and how often it may be called."""

from datetime import timedelta

from config.settings.base import env
from config.settings.web import TRUSTED_PROXIES

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
#: Calls a minute, 0 for no limit: of one person, of one address where nobody is signed in, of one address in all.
#: Some tabs and a clean-up by hand stay far below them, a loop that runs away does not.
READS_PER_MINUTE = env.int("READS_PER_MINUTE", default=600)
WRITES_PER_MINUTE = env.int("WRITES_PER_MINUTE", default=240)
ANONYMOUS_CALLS_PER_MINUTE = env.int("ANONYMOUS_CALLS_PER_MINUTE", default=300)
CALLS_PER_MINUTE_AND_ADDRESS = env.int("CALLS_PER_MINUTE_AND_ADDRESS", default=6000)
#: The contract's: an Idempotency-Key is remembered this long.
IDEMPOTENCY_KEPT = timedelta(hours=24)
DATA_UPLOAD_MAX_MEMORY_SIZE = env.int("MAX_BODY_BYTES", default=2_500_000)
