"""Who is told what, where and when: my own wishes, my tenant's defaults, the platform's."""

from collections.abc import Callable, Sequence
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.callers import caller
from accounts.models import User
from accounts.permissions import IsPlatformAdmin
from accounts.reading import read_body
from notifications import preferences
from notifications.openapi import preferences as openapi
from notifications.preferences import Cell, Shown
from notifications.serializers.preferences import DefaultsSerializer, PreferencesSerializer, SnoozeSerializer
from tenants.permissions import TenantView


class PreferencesView(APIView):
    """My own. PUT and PATCH are the same: what is missing keeps its value."""

    permission_classes = [IsAuthenticated]

    @openapi.SHOW
    def get(self, request: Request) -> Response:
        return _mine(caller(request), "Notification preferences")

    @openapi.CHANGE
    def put(self, request: Request) -> Response:
        given = read_body(request, PreferencesSerializer)
        user = caller(request)
        _refusing(lambda: preferences.change(user=user, **given))
        return _mine(user, "Notification preferences updated")

    patch = put


class SnoozeView(APIView):
    permission_classes = [IsAuthenticated]

    @openapi.SNOOZE
    def post(self, request: Request) -> Response:
        given = read_body(request, SnoozeSerializer)
        user, until = caller(request), given["until"]
        preferences.snooze(user=user, until=until)
        return _mine(user, "Snoozed" if until else "No longer snoozed")


class TenantDefaultsView(TenantView):
    """What holds for my tenant's notifications where their reader chose nothing; for its owners and admins."""

    @openapi.SHOW_TENANTS
    def get(self, request: Request) -> Response:
        self.require_manager()
        return self._shown("Defaults of the tenant")

    @openapi.CHANGE_TENANTS
    def put(self, request: Request) -> Response:
        self.require_manager()
        cells = _cells(request)
        _refusing(lambda: preferences.choose_for_tenant(tenant_id=self.membership.tenant_id, cells=cells))
        return self._shown("Defaults of the tenant updated")

    patch = put

    def _shown(self, message: str) -> Response:
        tenant = self.membership.tenant
        return _answer(preferences.defaults_of_tenant(tenant_id=tenant.pk, name=tenant.name), message)


class PlatformDefaultsView(APIView):
    """What holds where neither a reader nor their tenant chose."""

    permission_classes = [IsAuthenticated, IsPlatformAdmin]

    @openapi.SHOW_PLATFORMS
    def get(self, request: Request) -> Response:
        return _answer(preferences.defaults_of_platform(), "Defaults of the platform")

    @openapi.CHANGE_PLATFORMS
    def put(self, request: Request) -> Response:
        cells = _cells(request)
        _refusing(lambda: preferences.choose_for_platform(cells=cells))
        return _answer(preferences.defaults_of_platform(), "Defaults of the platform updated")

    patch = put


def _cells(request: Request) -> Sequence[Cell]:
    cells: Sequence[Cell] = read_body(request, DefaultsSerializer)["cells"]
    return cells


def _refusing(change: Callable[[], None]) -> None:
    try:
        change()
    except preferences.CellRefused as refused:
        raise ValidationError({"cells": [str(refused)]}) from None


def _mine(user: User, message: str) -> Response:
    mine = preferences.shown_to(user=user)
    return _answer(mine, message, mine.times())


def _answer(matrix: Shown, message: str, besides: dict[str, Any] | None = None) -> Response:
    data = {"tenant": matrix.tenant, "channels": matrix.channels(), "categories": matrix.categories()}
    return Response({"success": True, "message": message, "data": data | (besides or {})})
