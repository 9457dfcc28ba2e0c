"""What is too much or too little, as the platform's admins decide it."""

import contextlib
from collections.abc import Iterator

from django.db.models import Q
from django.http import Http404
from django.utils import timezone
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.callers import caller
from accounts.fields import to_uuid
from accounts.pagination import paged
from accounts.permissions import IsPlatformAdmin
from accounts.reading import read_body, read_query
from accounts.refusals import Conflict, by_field
from notifications import thresholds
from notifications.models import Threshold, ThresholdChange
from notifications.openapi import thresholds as openapi
from notifications.serializers.thresholds import (
    BacktestSerializer,
    ChangeSerializer,
    ResetSerializer,
    SetThresholdSerializer,
    WhoseSerializer,
    in_force,
    told,
)
from notifications.system_monitor.backtest import backtest
from notifications.system_monitor.checks import CHECKS
from tenants.models import Tenant

ONE = "<slug:check>/<slug:name>"


class ThresholdViewSet(viewsets.ViewSet):
    permission_classes = [IsAuthenticated, IsPlatformAdmin]

    @openapi.LIST
    def list(self, request: Request) -> Response:
        asked = read_query(request, WhoseSerializer)
        with _refusals():
            tenant = _tenant(asked.get("tenant"))
        rows = list(Threshold.objects.told(tenant=tenant))
        limits = [told(check, limit, rows) for check in CHECKS for limit in check.limits]
        return Response({"success": True, "thresholds": limits})

    @openapi.SET
    @action(detail=False, methods=["put", "patch"], url_path=ONE)
    def one(self, request: Request, check: str, name: str) -> Response:
        """PUT and PATCH are the same."""
        address = read_query(request, WhoseSerializer)
        with _refusals():
            there = _tenant(address.get("tenant"))
            given = read_body(request, SetThresholdSerializer)
            tenant = _tenant(given.get("tenant")) or there
            if there not in (None, tenant):
                raise thresholds.ThresholdRefused("tenant", "The address names another one.")
            row = thresholds.set_threshold(check=check, name=name, actor=caller(request), **given | {"tenant": tenant})
        return _changed(row, "Threshold set")

    @openapi.RESET
    @one.mapping.delete
    def reset(self, request: Request, check: str, name: str) -> Response:
        given = read_query(request, ResetSerializer)
        with _refusals():
            tenant = _tenant(given.get("tenant"))
            row = thresholds.reset_threshold(
                check=check, name=name, actor=caller(request), **given | {"tenant": tenant}
            )
        return _changed(row, "Threshold reset")

    @openapi.CHANGES
    @action(detail=False, url_path=f"{ONE}/history")
    def changes(self, request: Request, check: str, name: str) -> Response:
        """Who changed it, newest first; the platform's and tenants', or one tenant's."""
        asked = read_query(request, WhoseSerializer)
        with _refusals():
            thresholds.find(check, name)
            tenant = _tenant(asked.get("tenant"))
        rows = ThresholdChange.objects.of(check, name).select_related("actor", "tenant")
        return paged(rows.filter(tenant=tenant) if tenant else rows, request, ChangeSerializer)

    @openapi.BACKTEST
    @action(detail=False, methods=["post"])
    def backtest(self, request: Request) -> Response:
        """Writes nothing."""
        given = read_body(request, BacktestSerializer)
        try:
            found = backtest(check=given["check"], proposed=given["limits"], days=given["days"], now=timezone.now())
        except thresholds.UnknownThreshold as unknown:
            text = [unknown.text]
            raise ValidationError(
                {"check": text} if unknown.name == "check" else {"limits": {unknown.name: text}}
            ) from None
        except thresholds.ThresholdRefused as refused:
            raise ValidationError({"limits": {name: [text] for name, text in refused.errors.items()}}) from None
        return Response({"success": True, "backtest": found.as_json()})


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except thresholds.UnknownThreshold:
        raise Http404 from None
    except thresholds.ThresholdRefused as refused:
        raise by_field(refused.errors) from None
    except thresholds.StaleVersion as stale:
        raise Conflict(stale, code="stale_version") from None


def _tenant(name: str | None = None) -> Tenant | None:
    """By its slug or id; None where none is named. Raises ThresholdRefused."""
    if name is None:
        return None
    key = to_uuid(name)
    found = Tenant.objects.filter(Q(slug=name) if key is None else Q(slug=name) | Q(pk=key)).first()
    if found is None:
        raise thresholds.ThresholdRefused("tenant", f"There is no tenant {name}.")
    return found


def _changed(row: Threshold, message: str) -> Response:
    _, limit = thresholds.find(row.check_slug, row.name)
    whose = {"check": row.check_slug, "name": row.name, "tenant": row.tenant.slug if row.tenant else None}
    return Response({"success": True, "message": message, "threshold": whose | in_force(limit, row)})
