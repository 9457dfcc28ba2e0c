from typing import ClassVar

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.decorators import display

from accounts.admin.base import BAD, GOOD, NEWS, SO_SO, ReadOnlyAdmin, ReadOnlyInline, labelled
from tenants.models import Membership, Tenant


class MembersInline(ReadOnlyInline):
    model = Membership
    fields = ("user", "role", "created_at")
    readonly_fields = fields
    tab = True


@admin.register(Tenant)
class TenantAdmin(ReadOnlyAdmin):
    list_display = ("name", "slug", "standing", "members", "timezone", "created_at")
    list_filter = (("suspended_at", admin.EmptyFieldListFilter),)
    search_fields = ("name", "slug")
    show_full_result_count = False
    inlines: ClassVar = [MembersInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        rows: QuerySet[Tenant] = super().get_queryset(request)
        mine = Membership.objects.filter(tenant=OuterRef("pk")).order_by().values("tenant")
        return rows.annotate(size=Subquery(mine.annotate(size=Count("pk")).values("size")))

    @display(description="standing", ordering="suspended_at", label={"suspended": BAD, "in use": GOOD})
    def standing(self, tenant: Tenant) -> str:
        return "suspended" if tenant.suspended_at else "in use"

    @display(description="members", ordering="size")
    def members(self, tenant: Tenant) -> int:
        return getattr(tenant, "size", None) or 0


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ("user", "tenant", "role_label", "created_at")
    list_filter = (("role", ChoicesDropdownFilter), ("tenant", AutocompleteSelectFilter))
    list_select_related = ("user", "tenant")
    search_fields = ("user__email", "tenant__name", "tenant__slug")
    ordering = ("-id",)
    show_full_result_count = False
    role_label = labelled("role", {"owner": NEWS, "admin": SO_SO})
