from uuid import UUID

from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.callers import caller
from accounts.reading import read_body
from tenants import openapi, services
from tenants.models import Membership
from tenants.serializers import MemberSerializer, MyTenantSerializer, SwitchSerializer


class MyTenantsView(APIView):
    """GET: the tenants I belong to."""

    @openapi.LIST_MINE
    def get(self, request: Request) -> Response:
        mine = Membership.objects.in_use().select_related("tenant").filter(user=caller(request))
        return Response({"success": True, "tenants": MyTenantSerializer(mine, many=True).data})


class SwitchView(APIView):
    """POST `{tenant_id}`: work in another of my tenants."""

    @openapi.SWITCH
    def post(self, request: Request) -> Response:
        given = read_body(request, SwitchSerializer)
        try:
            membership = services.switch_tenant(user=caller(request), **given)
        except services.NotAMember:
            raise NotFound("You belong to no such tenant.") from None
        message = f"You now work in {membership.tenant.name}"
        return Response({"success": True, "message": message, "tenant": MyTenantSerializer(membership).data})


class MembersView(APIView):
    """GET: who belongs to one of my tenants. A tenant I do not belong to does not exist for me."""

    @openapi.LIST_MEMBERS
    def get(self, request: Request, tenant_id: UUID) -> Response:
        if not Membership.objects.in_use().filter(user=caller(request), tenant_id=tenant_id).exists():
            raise NotFound("You belong to no such tenant.")
        members = Membership.objects.filter(tenant_id=tenant_id).select_related("user").order_by("user__email")
        return Response({"success": True, "members": MemberSerializer(members, many=True).data})
