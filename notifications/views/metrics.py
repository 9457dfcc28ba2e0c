"""What Prometheus collects."""

import hmac

import structlog
from django.conf import settings
from django.db import Error, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from notifications.system_monitor import fallback, isolation
from notifications.system_monitor.formats import Document, Look, openmetrics
from notifications.system_monitor.formats.document import deliveries, open_incidents

log = structlog.get_logger(__name__)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The last report, as it was stored: collecting it evaluates nothing. Without METRICS_TOKEN there is no such page.

    Without Postgres it says just that, with 200: Prometheus would throw the body of an error away.
    """
    if not settings.METRICS_TOKEN:
        raise Http404
    if not _knows_the_token(request):
        refusal = HttpResponse("Unauthorized\n", status=401, content_type="text/plain; charset=utf-8")
        refusal["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return refusal
    response = HttpResponse(_text(), content_type=openmetrics.CONTENT_TYPE)
    response["Cache-Control"] = "no-store"
    return response


def _knows_the_token(request: HttpRequest) -> bool:
    """In a time that does not depend on how much of it is right."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(token.encode(), settings.METRICS_TOKEN.encode())


def _text() -> str:
    try:
        report = fallback.last_report()
    except (Error, isolation.OutOfTime) as error:
        log.warning("metrics without Postgres", error=type(error).__name__)
        connection.close()
        return openmetrics.without_postgres()
    if report is None:
        return openmetrics.nothing_yet()
    return openmetrics.render(Document(report, open_incidents(), deliveries=deliveries()), Look())
