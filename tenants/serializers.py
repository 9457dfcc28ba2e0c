from typing import Any, ClassVar

from rest_framework import serializers

from accounts.fields import IdField
from tenants.models import Membership


class MyTenantSerializer(serializers.ModelSerializer[Membership]):
    """One of my tenants, with my role in it."""

    id = serializers.UUIDField(source="tenant_id")
    name = serializers.CharField(source="tenant.name")
    slug = serializers.CharField(source="tenant.slug")

    class Meta:
        model = Membership
        fields: ClassVar = ["id", "name", "slug", "role"]


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """One person of a tenant."""

    id = serializers.UUIDField(source="user_id")
    email = serializers.CharField(source="user.email")
    full_name = serializers.CharField(source="user.full_name")

    class Meta:
        model = Membership
        fields: ClassVar = ["id", "email", "full_name", "role", "created_at"]


class SwitchSerializer(serializers.Serializer[Any]):
    tenant_id = IdField()
