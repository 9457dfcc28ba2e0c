"""What people chose, and what is in force for them."""

from accounts.models import User
from notifications import preferences
from notifications.delivery import rules
from notifications.models import Notification
from notifications.models.choice import Column, When
from notifications.preferences import Cell

OFF, ON, HOURLY, DAILY = When.OFF, When.AT_ONCE, When.HOURLY, When.DAILY
FLAT = {
    Column.EMAIL: "email_notifications_enabled",
    Column.SMS: "sms_notifications_enabled",
    Column.IN_APP: "in_app_notifications_enabled",
}
FREE = [one for one in Notification.Type.values if one != "security"]
Chosen = dict[tuple[str, str], str]


def choose(user: User, *cells: tuple[str, str, When | None]) -> None:
    preferences.choose(user=user, cells=[Cell(*one) for one in cells])


def matrix(user: User) -> Chosen:
    """What is in force in each cell."""
    wishes = preferences.shown_to(user=user).wishes
    every = ((category, column.value) for category in Notification.Type.values for column in Column)
    return {cell: rules.in_force(*cell, wishes).when.value for cell in every}


def changed(before: Chosen, after: Chosen) -> Chosen:
    return {cell: when for cell, when in after.items() if before[cell] != when}


def flat(user: User, column: Column) -> bool:
    return preferences.flat_of(user=user)[FLAT[column]]


def switch(user: User, column: Column, on: bool) -> None:
    preferences.change_settings(user=user, changes={FLAT[column]: on})
