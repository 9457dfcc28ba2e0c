from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.describing import Reply
from accounts.fields import PhoneNumberField, TimezoneField, WebAddressField
from accounts.models import User


class LoginSerializer(serializers.Serializer[Any]):
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=128, trim_whitespace=False, write_only=True)


class RefreshSerializer(serializers.Serializer[Any]):
    refresh = serializers.CharField(max_length=4096)


class UsersTenant(Reply):
    """One of a user's tenants; what roles there are is said by the room above."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    slug = serializers.CharField()
    role = serializers.ChoiceField(choices=[("owner", "Owner"), ("admin", "Admin"), ("member", "Member")])


class UserSerializer(serializers.ModelSerializer[User]):
    """A user as the clients know it. `tenants` and `tenant` come from the memberships above this room."""

    phone_number = PhoneNumberField(required=False, allow_blank=True, max_length=32)
    timezone = TimezoneField(required=False, max_length=64)
    avatar = WebAddressField(required=False, allow_blank=True, max_length=500)
    tenants = serializers.SerializerMethodField()
    tenant = serializers.SerializerMethodField()
    last_login_at = serializers.DateTimeField(source="last_login", read_only=True, allow_null=True)

    _found: tuple[UUID, list[Any]] | None = None

    class Meta:
        model = User
        fields: ClassVar = [
            *("id", "email", "first_name", "last_name", "full_name", "short_name", "phone_number", "timezone"),
            *("avatar", "bio", "is_verified", "phone_verified", "email_notifications", "sms_notifications"),
            *("is_staff", "is_superuser", "tenants", "tenant", "created_at", "updated_at", "last_login_at"),
        ]
        read_only_fields: ClassVar = [
            *("id", "email", "full_name", "short_name", "is_verified", "phone_verified", "is_staff", "is_superuser"),
            *("tenants", "tenant", "created_at", "updated_at", "last_login_at"),
        ]

    @extend_schema_field(UsersTenant(many=True))
    def get_tenants(self, user: User) -> list[dict[str, str]]:
        return [
            {
                "id": str(membership.tenant_id),
                "name": membership.tenant.name,
                "slug": membership.tenant.slug,
                "role": membership.role,
            }
            for membership in self._memberships(user)
        ]

    @extend_schema_field(UsersTenant(allow_null=True))
    def get_tenant(self, user: User) -> dict[str, str] | None:
        current = str(user.current_tenant_id)
        return next((tenant for tenant in self.get_tenants(user) if tenant["id"] == current), None)

    def _memberships(self, user: User) -> list[Any]:
        # Asked once for `tenants` and `tenant` together, and again for the next user of a list.
        if self._found is None or self._found[0] != user.pk:
            self._found = user.pk, list(user.memberships.in_use().select_related("tenant"))
        return self._found[1]
