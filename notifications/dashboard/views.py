"""The front page of the admin, what of it is asked for again every half minute, and one check asked by itself."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from notifications.dashboard.charts import DAY, SCALES, Scale
from notifications.dashboard.reading import read
from notifications.models.priority import Priority
from notifications.serializers.maintenance import WEEKDAYS
from notifications.services import MAX_DAYS
from notifications.system_monitor import runner
from notifications.system_monitor.checks import BY_SLUG, CHECKS

REGIONS = "notifications/dashboard/regions.html"


def front_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the admin's index shows besides; named in UNFOLD's DASHBOARD_CALLBACK."""
    choices = {"priorities": Priority.choices, "checks": CHECKS, "weekdays": WEEKDAYS, "most_days": MAX_DAYS}
    return context | choices | {"picture": read(scale=_scale(request))}


@never_cache
@require_safe
def regions(request: HttpRequest) -> HttpResponse:
    """The parts of the front page that change, to be put in the place of those that are shown."""
    return TemplateResponse(request, REGIONS, {"picture": read(scale=_scale(request))})


def _scale(request: HttpRequest) -> Scale:
    """How far back the charts go: as the address says, else a day."""
    return SCALES.get(request.GET.get("charts", ""), DAY)


@require_POST
def check_now(request: HttpRequest, check: str) -> JsonResponse:
    """Asks one check and says what it said. Like the command's --check it writes nothing and tells nobody: what a
    check says can depend on the others, so only a complete run opens and resolves problems."""
    if check not in BY_SLUG:
        raise Http404
    report = runner.run(checks=(BY_SLUG[check],)).as_json()
    return JsonResponse({"success": True, "check": report["components"][0], "duration_ms": report["duration_ms"]})
