"""Tenants and their members, as `/api/schema/` tells of them."""

from accounts.describing import Done, Said, call
from tenants.serializers import MemberSerializer, MyTenantSerializer, SwitchSerializer

TAG = "Tenants"
MINE = {"id": "01961f0e-7a3c-7d52-9a41-0c6f8d2b1e77", "name": "Acacia Pharmacy", "slug": "acacia", "role": "owner"}
MEMBER = {
    "id": "01961f0e-8c11-7b0e-8f5d-3a9c1e6b4d20",
    "email": "owner@example.com",
    "full_name": "Olu Owner",
    "role": "owner",
    "created_at": "2026-03-01T08:00:00.000Z",
}


class MyTenantsReply(Done):
    tenants = MyTenantSerializer(many=True)


class SwitchReply(Said):
    tenant = MyTenantSerializer()


class MembersReply(Done):
    members = MemberSerializer(many=True)


LIST_MINE = call(
    "listMyTenants",
    "The tenants I belong to",
    tag=TAG,
    reply=MyTenantsReply,
    example={"success": True, "tenants": [MINE]},
)
SWITCH = call(
    "switchTenant",
    "Work in another of my tenants",
    tag=TAG,
    body=SwitchSerializer,
    given={"tenant_id": MINE["id"]},
    reply=SwitchReply,
    example={"success": True, "message": "You now work in Acacia Pharmacy", "tenant": MINE},
    refusals={404: "You belong to no such tenant, or it is suspended."},
)
LIST_MEMBERS = call(
    "listMembers",
    "Who belongs to one of my tenants",
    tag=TAG,
    reply=MembersReply,
    example={"success": True, "members": [MEMBER]},
)
