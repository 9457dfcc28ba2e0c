"""Trying out the warnings of low SMS credits."""

from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.callers import caller
from accounts.permissions import IsPlatformAdmin
from accounts.reading import read_body
from notifications import credit_levels
from notifications.openapi import settings as openapi
from notifications.serializers.credits import CreditTestSerializer
from tenants.models import Membership
from tenants.services import current_membership


class IsPlatformAdminOrOwner(BasePermission):
    """A platform admin, or the owner of the tenant they work in now."""

    message = "Permission denied. Admin access or ownership of your current tenant required."

    def has_permission(self, request: Request, view: APIView) -> bool:
        if IsPlatformAdmin().has_permission(request, view):
            return True
        membership = current_membership(caller(request))
        return membership is not None and membership.role == Membership.Role.OWNER


class CreditTestView(APIView):
    """POST `{current_credits, total_credits}`: what my thresholds say of it, and the notification I would get."""

    permission_classes = [IsAuthenticated, IsPlatformAdminOrOwner]

    @openapi.TEST_CREDITS
    def post(self, request: Request) -> Response:
        given = read_body(request, CreditTestSerializer)
        tried = credit_levels.try_out(user=caller(request), **given)
        outcome = "notification created" if tried.notification else "no notification"
        body = {"success": True, "message": f"{tried.percentage} % of the credits are left: {tried.level}, {outcome}"}
        body |= given
        return Response(body | {"percentage": tried.percentage, "level": tried.level})
