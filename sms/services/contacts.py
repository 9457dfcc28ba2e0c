"""The only writers of contacts, groups and templates; many contacts at once come in through sms.services.importing."""

from collections.abc import Callable, Collection, Iterable, Mapping
from string import Template
from typing import Any, TypeVar
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.utils import timezone

from accounts.constraints import broken_constraint
from sms.models import Contact, ContactGroup, GroupMember, MessageTemplate
from sms.services.composing import Refused
from sms.services.queueing import cancel_queued_for

Row = TypeVar("Row", bound=models.Model)
#: Which field to blame when a constraint refuses a write, and what to say.
TAKEN = {
    "contact_once": ("phone_number", "Another contact has this number."),
    "contact_group_once": ("name", "Another group has this name."),
    "message_template_once": ("name", "Another template has this name."),
}


class OptedOut(Exception):
    """Whoever opted out stays as they are, so that nobody can be added again by mistake."""


# --- Contacts ----------------------------------------------------------------------------------------------------


def create_contact(
    *, tenant_id: UUID, phone_number: str, raw_phone_number: str, name: str = "", groups: Collection[UUID] = ()
) -> Contact:
    """`phone_number` is E.164, `raw_phone_number` what was given. Raises Refused."""
    with transaction.atomic():
        _require_groups(groups)
        contact = Contact(tenant_id=tenant_id, phone_number=phone_number, raw_phone_number=raw_phone_number, name=name)
        _write(contact.save)
        _join(tenant_id, groups, [contact.pk])
    return contact


def change_contact(*, contact_id: UUID, changes: Mapping[str, Any]) -> Contact | None:
    """Writes the given fields and leaves the others; `groups` are then the only ones it is in.

    None when there is no such contact. Raises OptedOut for another number: the wish belongs to the number. Raises
    Refused.
    """
    fields = dict(changes)
    groups = fields.pop("groups", None)
    with transaction.atomic():
        contact: Contact | None = Contact.objects.select_for_update().filter(pk=contact_id).first()
        if contact is None:
            return None
        if contact.opted_out_at and fields.get("phone_number", contact.phone_number) != contact.phone_number:
            raise OptedOut
        for name, value in fields.items():
            setattr(contact, name, value)
        _write(contact.save)
        if groups is not None:
            _require_groups(groups)
            GroupMember.objects.filter(contact=contact).exclude(group_id__in=groups).delete()
            _join(contact.tenant_id, groups, [contact.pk])
    return contact


def delete_contact(*, contact_id: UUID) -> bool:
    """False when there is no such contact. Raises OptedOut."""
    with transaction.atomic():
        # Under the row's lock, which an opt-out of the same moment waits for, or has released.
        contact = Contact.objects.select_for_update().filter(pk=contact_id).first()
        if contact is None:
            return False
        if contact.opted_out_at:
            raise OptedOut
        contact.delete()
    return True


def opt_out(*, contact_id: UUID) -> tuple[Contact, int] | None:
    """Nobody writes to this number from now on: what is queued for it is called off in the same transaction.

    Returns the contact and how many messages were called off; None when there is no such contact. Repeating is fine.
    """
    now = timezone.now()
    with transaction.atomic():
        mine = Contact.objects.filter(pk=contact_id)
        mine.filter(opted_out_at=None).update(opted_out_at=now, updated_at=now)
        contact: Contact | None = mine.first()
        if contact is None:
            return None
        return contact, cancel_queued_for(number=contact.phone_number, now=now)


def opt_in(*, contact_id: UUID) -> Contact | None:
    """The person asked to be written to again. What was called off stays so. None when there is no such contact."""
    mine = Contact.objects.filter(pk=contact_id)
    mine.exclude(opted_out_at=None).update(opted_out_at=None, updated_at=timezone.now())
    contact: Contact | None = mine.first()
    return contact


# --- Groups ------------------------------------------------------------------------------------------------------


def create_group(*, tenant_id: UUID, name: str) -> ContactGroup:
    """Raises Refused."""
    group = ContactGroup(tenant_id=tenant_id, name=name)
    _write(group.save)
    return group


def rename_group(*, group_id: UUID, name: str) -> ContactGroup | None:
    """None when there is no such group. Raises Refused."""
    return _change(ContactGroup, group_id, {"name": name})


def add_members(*, group_id: UUID, contacts: Collection[UUID]) -> int | None:
    """Returns how many of them were not in it before; None when there is no such group. Raises Refused."""
    with transaction.atomic():
        # Locked, so that the group cannot go meanwhile.
        group = ContactGroup.objects.select_for_update(no_key=True).filter(pk=group_id).first()
        if group is None:
            return None
        known = set(Contact.objects.filter(pk__in=contacts).values_list("pk", flat=True))
        _require_known("contacts", contacts, known)
        return _join(group.tenant_id, [group_id], known)


def remove_members(*, group_id: UUID, contacts: Collection[UUID]) -> int | None:
    """Returns how many were in it; None when there is no such group."""
    if not ContactGroup.objects.filter(pk=group_id).exists():
        return None
    count, _ = GroupMember.objects.filter(group_id=group_id, contact_id__in=contacts).delete()
    return count


# --- Templates ---------------------------------------------------------------------------------------------------


def create_template(*, tenant_id: UUID, name: str, text: str) -> MessageTemplate:
    """Raises Refused."""
    _check_placeholders(text)
    template = MessageTemplate(tenant_id=tenant_id, name=name, text=text)
    _write(template.save)
    return template


def change_template(*, template_id: UUID, changes: Mapping[str, Any]) -> MessageTemplate | None:
    """Writes the given fields and leaves the others; None when there is no such template. Raises Refused."""
    if "text" in changes:
        _check_placeholders(changes["text"])
    return _change(MessageTemplate, template_id, changes)


def delete(of: type[ContactGroup] | type[MessageTemplate], *, key: UUID) -> bool:
    """A group goes without its members; False when there is no such row."""
    count, _ = of.objects.filter(pk=key).delete()
    return bool(count)


def placeholders(text: str) -> list[str]:
    """The names in a template, in the order in which they first stand there."""
    return Template(text).get_identifiers()


def _check_placeholders(text: str) -> None:
    if not Template(text).is_valid():
        raise Refused({"text": "A placeholder is broken. Write $name or ${name}, and $$ for a dollar sign."})


# --- What they share ---------------------------------------------------------------------------------------------


def _change(of: type[Row], key: UUID, changes: Mapping[str, Any]) -> Row | None:
    with transaction.atomic():
        row: Row | None = of.objects.select_for_update().filter(pk=key).first()  # type: ignore[attr-defined]
        if row is None:
            return None
        for name, value in changes.items():
            setattr(row, name, value)
        _write(row.save)
    return row


def _write(save: Callable[[], None]) -> None:
    """The constraints decide who came first, and their names which field to blame. Raises Refused."""
    try:
        with transaction.atomic():
            save()
    except IntegrityError as error:
        taken = TAKEN.get(broken_constraint(error) or "")
        if taken is None:
            raise
        raise Refused(dict([taken])) from None


def _require_groups(groups: Collection[UUID]) -> None:
    if groups:
        _require_known("groups", groups, set(ContactGroup.objects.filter(pk__in=groups).values_list("pk", flat=True)))


def _require_known(field: str, asked: Iterable[UUID], known: Collection[UUID]) -> None:
    unknown = {f"{field}.{index}": "There is no such one." for index, key in enumerate(asked) if key not in known}
    if unknown:
        raise Refused(dict(list(unknown.items())[:20]))


def _join(tenant_id: UUID, groups: Iterable[UUID], contacts: Iterable[UUID]) -> int:
    """Returns how many memberships are new."""
    wanted = [
        GroupMember(tenant_id=tenant_id, group_id=group, contact_id=contact)
        for group in sorted(groups)
        for contact in sorted(contacts)
    ]
    before = GroupMember.objects.filter(
        group_id__in=[one.group_id for one in wanted], contact_id__in=[one.contact_id for one in wanted]
    )
    there = before.count()
    GroupMember.objects.bulk_create(wanted, ignore_conflicts=True)
    return before.count() - there
