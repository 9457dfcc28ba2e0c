#!/usr/bin/env python
"""Django's command line for Bellwether."""

import os
import sys

import redis
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(sys.argv)
    except Exception as error:
        said = _what_is_missing(error)
        if "check_system_health" in sys.argv[1:2]:
            _end_unknown(f"The health check could not begin: {said or f'{type(error).__name__}: {error}'}")
        if not said or "--traceback" in sys.argv:
            raise
        sys.exit(said)


def _what_is_missing(error: Exception) -> str:
    """In a line, what somebody has to set or to start. Empty for a fault of ours, which wants its stack."""
    words = " ".join(str(error).split())
    if isinstance(error, ImproperlyConfigured):
        return f"{words} docs/configuration.md names every setting; `make up` sets what it needs."
    if isinstance(error, OperationalError) and getattr(error.__cause__, "pgcode", "") is None:
        return f"Postgres does not answer (DATABASE_URL): {words}"
    if isinstance(error, redis.ConnectionError):
        return f"Redis does not answer (REDIS_URL): {words}"
    return ""


def _end_unknown(said: str) -> None:
    """Python's own code for a crash is 1, which means warning to whoever calls this one."""
    if "nagios" in sys.argv:
        sys.stdout.write(f"SYSTEM HEALTH UNKNOWN - {said}\n")
    else:
        sys.stderr.write(f"{said}\n")
    sys.exit(3)


if __name__ == "__main__":
    main()
