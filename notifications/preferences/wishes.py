"""What people chose, read for many at once."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from notifications.delivery.rules import Whose, Wishes
from notifications.models import ChannelChoice, NotificationSettings
from notifications.models.choice import Column
from tenants.services import current_membership

Cells = dict[tuple[str, str], tuple[str, str]]
PERSON = ("email", "phone_number", "phone_verified", "timezone", "email_notifications", "sms_notifications")
#: Where the master switch of each column is stored; each is a flat setting of the API as well.
SWITCHES = {
    Column.IN_APP: "in_app_notifications_enabled",
    Column.EMAIL: "email_notifications_enabled",
    Column.SMS: "sms_notifications_enabled",
}
STORED = (*SWITCHES.values(), "quiet_from", "quiet_until", "daily_digest_at", "snoozed_until")
UNTOUCHED = NotificationSettings()


def wishes_of(*, user_ids: Collection[UUID], tenant_id: UUID | None) -> dict[UUID, Wishes]:
    """What each of these people chose, in two queries however many they are. Whoever is inactive is left out.

    `tenant_id` is the tenant that a notification belongs to, whose defaults hold; what belongs to none passes every
    tenant's defaults by, so that no tenant decides how the platform reaches its own admins.
    """
    if not user_ids:
        return {}
    own, tenants, platforms = _choices(user_ids, tenant_id)
    beneath = platforms | tenants
    stored = [f"notification_settings__{name}" for name in STORED]
    people = User.objects.active().filter(pk__in=user_ids).values("pk", *PERSON, *stored)
    return {person["pk"]: _wishes(person, own.get(person["pk"], {}), beneath) for person in people}


def seen_by(*, user: User) -> Wishes:
    """This person's wishes in the tenant they work in: what the matrix and the flat settings show them."""
    membership = current_membership(user)
    return wishes_of(user_ids=[user.pk], tenant_id=membership.tenant_id if membership else None)[user.pk]


def defaults_of(*, tenant_id: UUID | None) -> tuple[Cells, Cells]:
    """What this tenant and what the platform chose for everybody."""
    _, tenants, platforms = _choices((), tenant_id)
    return tenants, platforms


def switch_of(column: Column, stored: bool | None, profile: Mapping[str, Any]) -> bool | None:
    """What a master switch says: as it was set, else as the profile has it (its e-mail and SMS flags are older), else
    None for SMS, which is on where somebody chose it, and True."""
    if stored is not None:
        return stored
    if column == Column.SMS:
        return True if profile["sms_notifications"] else None
    return bool(profile["email_notifications"]) if column == Column.EMAIL else True


def _choices(user_ids: Collection[UUID], tenant_id: UUID | None) -> tuple[dict[UUID, Cells], Cells, Cells]:
    """Each person's own, the tenant's, and the platform's."""
    wanted = Q(user=None, tenant=None)
    if user_ids:
        wanted |= Q(user__in=user_ids)
    if tenant_id is not None:
        wanted |= Q(user=None, tenant=tenant_id)
    own: dict[UUID, Cells] = {}
    tenants: Cells = {}
    platforms: Cells = {}
    for user, tenant, category, channel, when in _rows(wanted):
        if user is not None:
            own.setdefault(user, {})[category, channel] = (when, Whose.YOURS.value)
        elif tenant is not None:
            tenants[category, channel] = (when, Whose.TENANT.value)
        else:
            platforms[category, channel] = (when, Whose.PLATFORM.value)
    return own, tenants, platforms


def _rows(wanted: Q) -> Iterable[tuple[UUID | None, UUID | None, str, str, str]]:
    return ChannelChoice.objects.filter(wanted).values_list("user", "tenant", "category", "channel", "when")


def _wishes(person: Mapping[str, Any], own: Cells, beneath: Cells) -> Wishes:
    stored = {name: person[f"notification_settings__{name}"] for name in STORED}
    switches = {column: switch_of(column, stored[name], person) for column, name in SWITCHES.items()}
    begins, ends = stored["quiet_from"], stored["quiet_until"]
    return Wishes(
        email=person["email"],
        phone_number=person["phone_number"] if person["phone_verified"] else "",
        timezone=person["timezone"],
        email_on=bool(switches[Column.EMAIL]),
        sms_on=switches[Column.SMS],
        in_app_on=bool(switches[Column.IN_APP]),
        cells=beneath | own,
        beneath=beneath,
        quiet=(begins, ends) if begins is not None and ends is not None else None,
        # None: this person has no row yet.
        daily_digest_at=stored["daily_digest_at"] or UNTOUCHED.daily_digest_at,
        snoozed_until=stored["snoozed_until"],
    )
