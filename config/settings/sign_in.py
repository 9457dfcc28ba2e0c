"""Who gets in, and for how long."""

from datetime import timedelta

from config.settings.base import env

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
