"""Whom a tenant writes to."""

from collections.abc import Iterable
from typing import ClassVar, Self

from django.db import models
from django.utils.timezone import now
from uuid_utils.compat import uuid7

from tenants.models import ScopedManager, TenantScoped


class ContactQuerySet(models.QuerySet["Contact"]):
    def opted_out(self) -> Self:
        return self.filter(opted_out_at__isnull=False)

    def numbered(self, numbers: Iterable[str]) -> Self:
        """Those with one of these numbers, in one array: ten thousand parameters cost Django a third of a second."""
        found: Self = self.extra(where=["sms_contact.phone_number = ANY(%s)"], params=[list(numbers)])  # type: ignore[assignment]
        return found

    def named(self, numbers: Iterable[str]) -> dict[str, str]:
        """`{phone number: name}` of those contacts that have a name."""
        return dict(self.numbered(numbers).exclude(name="").values_list("phone_number", "name"))

    def reachable(self) -> Self:
        """Those with a number that can be written to, who did not ask to be left alone."""
        return self.filter(opted_out_at=None).exclude(phone_number="")


class ContactManager(ScopedManager.from_queryset(ContactQuerySet)):  # type: ignore[misc]
    pass


class Contact(TenantScoped):
    """A person with a phone number. One that opted out stays, so that nobody can be added again by mistake."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    phone_number = models.CharField(max_length=16, blank=True, help_text='E.164; "" while the raw one is refused.')
    raw_phone_number = models.CharField(max_length=64, help_text="As it was given.")
    name = models.CharField(max_length=150, blank=True)
    opted_out_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[ContactManager] = ContactManager()

    class Meta:
        constraints: ClassVar = [
            # used by every import and every opt-out: one contact a number, also for two writers at once
            models.UniqueConstraint(
                fields=["tenant", "phone_number"], name="contact_once", condition=~models.Q(phone_number="")
            ),
            # the target of memberships' composite key
            models.UniqueConstraint(fields=["tenant", "id"], name="contact_key_of_tenant"),
        ]
        indexes: ClassVar = [
            # used by the sweeper: who opted out a moment ago, while something was being queued for them
            models.Index(
                fields=["opted_out_at"],
                name="contact_opted_out_when",
                condition=models.Q(opted_out_at__isnull=False),
            ),
            # used by claiming and by queue_messages: who must not be written to
            models.Index(
                fields=["tenant", "phone_number"],
                name="contact_opted_out",
                condition=models.Q(opted_out_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.phone_number or self.raw_phone_number


class ContactGroup(TenantScoped):
    """Some of a tenant's contacts under one name, to be written to together."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "name"], name="contact_group_once"),
            models.UniqueConstraint(fields=["tenant", "id"], name="contact_group_key_of_tenant"),
        ]

    def __str__(self) -> str:
        return self.name


class GroupMember(TenantScoped):
    """That a contact is in a group, both of the same tenant."""

    # The composite keys (tenant, id) of the migration are the constraints.
    group = models.ForeignKey(ContactGroup, on_delete=models.CASCADE, related_name="members", db_constraint=False)
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="groups", db_constraint=False, db_index=False
    )

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["group", "contact"], name="group_member_once")]
        indexes: ClassVar = [
            # used by lists of contacts and by the key within a tenant: one index for both columns, because a table
            # without statistics yet had two combined, at the cost of the whole tenant for each contact
            models.Index(fields=["tenant", "contact"], name="group_member_of_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} in {self.group_id}"


class MessageTemplate(TenantScoped):
    """A text that a tenant sends often, with `$name` placeholders."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100)
    text = models.TextField(max_length=1600)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "name"], name="message_template_once"),
        ]

    def __str__(self) -> str:
        return self.name
