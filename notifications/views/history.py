"""How the platform was, for its admins: charts and uptime."""

import datetime

from django.utils import timezone
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import IsPlatformAdmin
from accounts.reading import read_query
from notifications.models import CheckResult
from notifications.models.check_result import last_days
from notifications.openapi import history as openapi
from notifications.serializers.history import MINUTE, HistoryQuery, UptimeQuery, series, strip
from notifications.system_monitor.checks import BY_SLUG, CHECKS


class HistoryViewSet(viewsets.ViewSet):
    permission_classes = [IsAuthenticated, IsPlatformAdmin]

    @openapi.HISTORY
    @action(detail=False)
    def history(self, request: Request) -> Response:
        asked = read_query(request, HistoryQuery)
        since = timezone.now() - datetime.timedelta(days=asked["days"])
        checks = [BY_SLUG[asked["check"]]] if "check" in asked else list(CHECKS)
        rows = CheckResult.objects.since(since.replace(minute=0, second=0, microsecond=0))
        if "check" in asked:
            rows = rows.of(asked["check"])
        points = rows.minutes() if asked["per"] == MINUTE else rows.by_the_hour()
        body = {"success": True, "per": asked["per"], "days": asked["days"], "since": since}
        return Response(body | {"checks": series(points, checks)})

    @openapi.UPTIME
    @action(detail=False)
    def uptime(self, request: Request) -> Response:
        asked = read_query(request, UptimeQuery)
        days = last_days(asked["days"], now=timezone.now())
        known = CheckResult.objects.from_day(days[0]).by_day()
        checks = [strip(check, known.get(check.slug, {}), days) for check in CHECKS]
        return Response({"success": True, "days": len(days), "checks": checks})
