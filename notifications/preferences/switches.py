"""The master switch of a column, which is what a flat setting of the API turns."""

from dataclasses import replace
from typing import Any

from accounts.models import User
from notifications.delivery.rules import Wishes
from notifications.models.choice import Column
from notifications.preferences.wishes import switch_of

FIELDS = {Column.IN_APP: "in_app_on", Column.EMAIL: "email_on", Column.SMS: "sms_on"}


def said_by(wishes: Wishes, user: User, column: Column, said: bool | None) -> Wishes:
    """The same wishes, were this stored as the switch of a column."""
    change: dict[str, Any] = {FIELDS[column]: switch_of(column, said, _profile(user))}
    return replace(wishes, **change)


def lifted(user: User, column: Column) -> bool | None:
    """What to store so that a column is not switched off: nothing, unless the profile switches it off."""
    return None if switch_of(column, None, _profile(user)) is not False else True


def _profile(user: User) -> dict[str, bool]:
    return {"email_notifications": user.email_notifications, "sms_notifications": user.sms_notifications}
