from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView


class IsPlatformAdmin(BasePermission):
    """`is_staff or is_superuser`: the same people in the API, in the Django admin and as receivers."""

    message = "Permission denied. Admin access required."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return bool(getattr(request.user, "is_platform_admin", False))
