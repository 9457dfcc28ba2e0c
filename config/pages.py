"""The few pages and probes that belong to no room."""

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.callers import caller


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process is alive. Touches nothing, so that an outage of Postgres does not get web processes restarted."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Postgres and Redis answer, so this process can do its work."""
    answers = {"postgres": _postgres_answers(), "redis": _redis_answers()}
    ready = all(answers.values())
    parts = {name: "ok" if well else "unreachable" for name, well in answers.items()}
    return JsonResponse({"status": "ok" if ready else "unavailable", **parts}, status=200 if ready else 503)


def _postgres_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        connection.close()
        return False
    return True


def _redis_answers() -> bool:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Sends each person to where they work."""
    return redirect("admin:index" if caller(request).is_platform_admin else "inbox")
