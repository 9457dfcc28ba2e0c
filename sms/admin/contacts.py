from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.decorators import display

from accounts.admin.base import BAD, GOOD, NEWS, SO_SO, LargeTableAdmin, Lately, labelled, worded
from sms.models import Contact, ContactGroup, GroupMember, MessageTemplate, NumberReview


@admin.register(Contact)
class ContactAdmin(LargeTableAdmin):
    list_display = ("phone_number", "tenant", "name", "may_be_sent_to", "opted_out_at", "created_at")
    list_filter = (
        *(Lately, ("tenant", AutocompleteSelectFilter), ("opted_out_at", admin.EmptyFieldListFilter)),
        ("phone_number", admin.EmptyFieldListFilter),
    )
    list_select_related = ("tenant",)
    raw_id_fields = ("tenant",)
    search_fields = ("=phone_number", "=raw_phone_number")
    search_help_text = "A whole number as it is stored or as it was given. Choose the tenant to find it fast."

    @display(description="messages", label={"yes": GOOD, "opted out": BAD, "no number": SO_SO})
    def may_be_sent_to(self, contact: Contact) -> str:
        return "opted out" if contact.opted_out_at else "yes" if contact.phone_number else "no number"


@admin.register(ContactGroup)
class ContactGroupAdmin(LargeTableAdmin):
    list_display = ("name", "tenant", "members", "created_at")
    list_filter = (Lately, ("tenant", AutocompleteSelectFilter))
    list_select_related = ("tenant",)
    raw_id_fields = ("tenant",)
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ContactGroup]:
        rows: QuerySet[ContactGroup] = super().get_queryset(request)
        mine = GroupMember.objects.filter(group=OuterRef("pk")).order_by().values("group")
        return rows.annotate(size=Subquery(mine.annotate(size=Count("pk")).values("size")))

    @display(description="members")
    def members(self, group: ContactGroup) -> int:
        return getattr(group, "size", None) or 0


@admin.register(GroupMember)
class GroupMemberAdmin(LargeTableAdmin):
    list_display = ("group", "contact", "tenant")
    list_filter = (("tenant", AutocompleteSelectFilter), ("group", AutocompleteSelectFilter))
    list_select_related = ("group", "contact", "tenant")
    raw_id_fields = ("tenant", "group", "contact")


@admin.register(MessageTemplate)
class MessageTemplateAdmin(LargeTableAdmin):
    list_display = ("name", "tenant", "text", "updated_at")
    list_filter = (Lately, ("tenant", AutocompleteSelectFilter))
    list_select_related = ("tenant",)
    raw_id_fields = ("tenant",)
    search_fields = ("name",)


@admin.register(NumberReview)
class NumberReviewAdmin(LargeTableAdmin):
    list_display = ("created_at", "subject", "raw", "result", "outcome_label", "reason_label")
    list_filter = (Lately, ("subject", ChoicesDropdownFilter), ("outcome", ChoicesDropdownFilter))
    search_fields = ("=raw", "=result")
    outcome_label = labelled(
        "outcome", {"changed": GOOD, "refused": BAD, "collided": SO_SO, "merged": NEWS, "undone": SO_SO}
    )
    reason_label = worded("reason")
