"""Postgres, Redis and the mail server."""

from typing import Any

from config import embedded
from config.settings.base import PLACES, env

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
    "default": _database(_embedded_database(embedded.APP_ROLE) if EMBEDDED_POSTGRES else env.postgres("DATABASE_URL"))
}
#: Off behind a pooler that hands each transaction another connection.
PREPARED_STATEMENTS = env.bool("PREPARED_STATEMENTS", default=True)
#: A copy, because config/database.py swaps the role in DATABASES for a while.
DATABASE_APP_ROLE = str(DATABASES["default"]["USER"])
#: The role that migrates; see config/database.py. None where only DATABASE_URL was given.
DATABASE_OWNER: dict[str, Any] | None = (
    _embedded_database(embedded.OWNER_ROLE)
    if EMBEDDED_POSTGRES
    else env.postgres("DATABASE_OWNER_URL")
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

vars().update(env.mail_server("EMAIL_URL"))
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("EMAIL_FROM", default="bellwether@localhost")
#: Without a server that was named nobody is told by e-mail, and each delivery says why.
EMAIL_IS_SET = bool(env.str("EMAIL_URL", default=""))
