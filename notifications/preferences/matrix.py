"""The whole matrix as a front end renders it: of every cell what is in force, whose choice it is, and why."""

import datetime
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.models import User
from notifications.categories import CATEGORIES
from notifications.delivery.ready import lacking
from notifications.delivery.rules import Choice, Wishes, choices_of, default_of, in_force, is_on, worded
from notifications.models import Channel
from notifications.models.choice import Column
from notifications.preferences.wishes import defaults_of, wishes_of
from tenants.services import current_membership

WHY_MANDATORY = "It tells of what may harm you or others, so it cannot be switched off in the inbox and by e-mail."


@dataclass(frozen=True)
class Shown:
    """A matrix, and the tenant in which it holds."""

    wishes: Wishes
    tenant: dict[str, Any] | None
    is_own: bool

    def channels(self) -> list[dict[str, Any]]:
        return [self._channel(column) for column in Column]

    def categories(self) -> list[dict[str, Any]]:
        return [
            {
                "category": category.value,
                "title": title,
                "about": about,
                "cells": [self._cell(category, column) for column in Column],
            }
            for category, (title, about) in CATEGORIES.items()
        ]

    def times(self) -> dict[str, Any]:
        """Quiet hours and digests, by this person's own clock."""
        quiet = self.wishes.quiet
        return {
            "timezone": self.wishes.timezone,
            "quiet_hours": {"from": _clock(quiet[0]), "until": _clock(quiet[1])} if quiet else None,
            "daily_digest_at": _clock(self.wishes.daily_digest_at),
            "snoozed_until": self.wishes.snoozed_until,
        }

    def _channel(self, column: Column) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "channel": column.value,
            "title": column.label,
            "is_on": is_on(column, self.wishes),
            "choices": [one.value for one in choices_of(column)],
        }
        return shown | _reach(column, self.wishes) if self.is_own else shown

    def _cell(self, category: str, column: Column) -> dict[str, Any]:
        choice = in_force(category, column, self.wishes)
        default_when, default_whose = default_of(category, column, self.wishes)
        return {
            "channel": column.value,
            "when": choice.when.value,
            "whose": choice.whose.value,
            "default_when": default_when.value,
            "default_whose": default_whose.value,
            "is_mandatory": choice.is_mandatory,
            "rule": _rule(category, column, choice),
        }


def shown_to(*, user: User) -> Shown:
    """This person's own, in the tenant they work in."""
    membership = current_membership(user)
    tenant_id = membership.tenant_id if membership else None
    wishes = wishes_of(user_ids=[user.pk], tenant_id=tenant_id)[user.pk]
    tenant = {"id": membership.tenant_id, "name": membership.tenant.name} if membership else None
    return Shown(wishes, tenant, is_own=True)


def defaults_of_tenant(*, tenant_id: UUID, name: str) -> Shown:
    """What holds for whoever chose nothing."""
    tenants, platforms = defaults_of(tenant_id=tenant_id)
    wishes = Wishes(cells=platforms | tenants, beneath=platforms)
    return Shown(wishes, {"id": tenant_id, "name": name}, is_own=False)


def defaults_of_platform() -> Shown:
    """What holds for whoever chose nothing, in a tenant that chose nothing."""
    _, platforms = defaults_of(tenant_id=None)
    return Shown(Wishes(cells=platforms), None, is_own=False)


def _rule(category: str, column: Column, choice: Choice) -> str:
    rule = worded(category, column, choice)
    return f"{rule} {WHY_MANDATORY}" if choice.is_mandatory else rule


def _reach(column: Column, wishes: Wishes) -> dict[str, Any]:
    """Where this person is reached, or why they are not."""
    match column:
        case Column.EMAIL:
            return _reached(Channel.EMAIL, wishes.email, "There is no e-mail address.")
        case Column.SMS:
            return _reached(Channel.SMS, wishes.phone_number, "There is no phone number, or it is not verified.")
        case _:
            return {"is_reachable": True, "address": None, "why_not": ""}


def _reached(channel: Channel, address: str, without: str) -> dict[str, Any]:
    """What the platform lacks is said first: no address of theirs would help."""
    why_not = lacking(channel) or ("" if address else without)
    return {"is_reachable": not why_not, "address": address or None, "why_not": why_not}


def _clock(time: datetime.time) -> str:
    return f"{time:%H:%M}"
