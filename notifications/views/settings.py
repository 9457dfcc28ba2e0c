"""How I want to be told."""

from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.callers import caller
from accounts.models import User
from accounts.reading import read_body
from notifications import preferences
from notifications.models import NotificationSettings
from notifications.openapi import settings as openapi
from notifications.serializers.settings import SettingsSerializer


class SettingsView(APIView):
    """My settings. PUT and PATCH are the same: a field that is missing keeps its value."""

    permission_classes = [IsAuthenticated]

    @openapi.SHOW
    def get(self, request: Request) -> Response:
        user = caller(request)
        return _shown(user, preferences.settings_of(user=user), "Notification settings")

    @openapi.CHANGE
    def put(self, request: Request) -> Response:
        user = caller(request)
        given = read_body(request, SettingsSerializer, partial=True)
        try:
            row = preferences.change_settings(user=user, changes=given)
        except preferences.CriticalNotBelowWarning as refused:
            raise ValidationError({refused.field: [str(refused)]}) from None
        return _shown(user, row, "Notification settings updated")

    patch = put


def _shown(user: User, row: NotificationSettings, message: str) -> Response:
    # What is shown of the switches is what the matrix comes to; the stored ones may never have been touched.
    data = {**SettingsSerializer(row).data, **preferences.flat_of(user=user)}
    return Response({"success": True, "message": message, "data": data})
