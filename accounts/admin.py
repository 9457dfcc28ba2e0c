from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from unfold.admin import ModelAdmin

from accounts.models import SignIn, User

for unused in (Group, OutstandingToken, BlacklistedToken):
    admin.site.unregister(unused)


class ReadOnlyAdmin(ModelAdmin):
    """For what is history, or is only written by its services: every platform admin may look at it."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_platform_admin", False))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ("email", "full_name", "is_active", "is_staff", "is_superuser", "last_seen_at")
    list_filter = ("is_active", "is_staff", "is_superuser", "is_service")
    search_fields = ("email", "first_name", "last_name", "phone_number")
    ordering = ("email",)
    exclude = ("password",)


@admin.register(SignIn)
class SignInAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "email", "method", "outcome", "address", "ended_at")
    list_filter = ("outcome", "method")
    search_fields = ("email",)
    ordering = ("-created_at",)
