"""The flat settings of the contract, and what stands beside the matrix: thresholds, quiet hours, digests, snooze."""

import datetime
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from notifications.changes import inbox_changed
from notifications.delivery.clock import Window
from notifications.delivery.replanning import replan
from notifications.delivery.rules import Wishes, in_force, is_mandatory, is_on
from notifications.models import ChannelChoice, Notification, NotificationSettings
from notifications.models.choice import Column, When
from notifications.preferences.cells import Cell, choose, write
from notifications.preferences.rows import locked
from notifications.preferences.switches import said_by
from notifications.preferences.wishes import SWITCHES, seen_by

WARNING, CRITICAL = "sms_credit_warning_threshold", "sms_credit_critical_threshold"


class Untouched(Enum):
    UNTOUCHED = "untouched"


UNTOUCHED = Untouched.UNTOUCHED


class CriticalNotBelowWarning(Exception):
    """The thresholds would cross. `field` is the one that was given."""

    def __init__(self, *, field: str, other: int) -> None:
        limit = f"below the warning threshold ({other})" if field == CRITICAL else f"above the critical one ({other})"
        super().__init__(f"Must be {limit}.")
        self.field = field


def flat_of(*, user: User) -> dict[str, bool]:
    """The three switches as the API shows them: whether anything comes on each channel that could be switched off."""
    wishes = seen_by(user=user)
    return {name: is_on(column, wishes) for column, name in SWITCHES.items()}


def change_settings(*, user: User, changes: Mapping[str, Any]) -> NotificationSettings:
    """Writes the given fields and leaves the others. Raises CriticalNotBelowWarning, having written nothing.

    A switch that already says so is left alone: clients send back all that they read, and the cells that differ stay.
    Off silences the whole channel and keeps its cells for later; on makes something come in any case.
    """
    with transaction.atomic():
        # Judged and written under the row's lock: each of two calls at once may fit what was, and not each other.
        row = locked(user=user)
        wishes = seen_by(user=user)
        for column, name in SWITCHES.items():
            if name in changes and is_on(column, wishes) != changes[name]:
                _switch(row, column, wishes, on=changes[name])
        plain = {name: value for name, value in changes.items() if name not in SWITCHES.values()}
        for name, value in plain.items():
            setattr(row, name, value)
        _check_thresholds(row, changes)
        row.save(update_fields=[*changes, "updated_at"])
        inbox_changed(user_ids=[user.pk])
        replan(user_id=user.pk, now=timezone.now())
    return row


def change(
    *,
    user: User,
    cells: Sequence[Cell] = (),
    quiet_hours: Window | Untouched | None = UNTOUCHED,
    daily_digest_at: datetime.time | None = None,
) -> None:
    """Writes what is given of this person's preferences, all or nothing. Raises CellRefused.

    `quiet_hours` None takes them away.
    """
    changes: dict[str, Any] = {}
    if not isinstance(quiet_hours, Untouched):
        changes["quiet_from"], changes["quiet_until"] = quiet_hours or (None, None)
    if daily_digest_at is not None:
        changes["daily_digest_at"] = daily_digest_at
    with transaction.atomic():
        if cells:
            choose(user=user, cells=cells)
        if changes:
            change_settings(user=user, changes=changes)


def snooze(*, user: User, until: datetime.datetime | None) -> NotificationSettings:
    """Until then only critical ones leave the house for this person; None ends it at once."""
    return change_settings(user=user, changes={"snoozed_until": until})


def _switch(row: NotificationSettings, column: Column, wishes: Wishes, *, on: bool) -> None:
    name = SWITCHES[column]
    if not on:
        setattr(row, name, False)
        return
    # As little as brings something: first what the cells say by themselves, then also what is built in.
    for said in (None, True):
        if is_on(column, said_by(wishes, row.user, column, said)):
            setattr(row, name, said)
            return
    setattr(row, name, True)
    _turn_on(column, row)


def _turn_on(column: Column, row: NotificationSettings) -> None:
    """Every cell is off: their own go, and where others chose off for all of them, their own say at once."""
    ChannelChoice.objects.filter(user=row.user_id, channel=column, when=When.OFF).delete()
    now_seen = said_by(seen_by(user=row.user), row.user, column, True)
    if not is_on(column, now_seen):
        silent = [
            one
            for one in Notification.Type.values
            if not is_mandatory(one, column) and in_force(one, column, now_seen).when == When.OFF
        ]
        write([Cell(one, column, When.AT_ONCE) for one in silent], user_id=row.user_id)


def _check_thresholds(row: NotificationSettings, changes: Mapping[str, Any]) -> None:
    warning, critical = row.sms_credit_warning_threshold, row.sms_credit_critical_threshold
    if critical < warning:
        return
    if CRITICAL in changes:
        raise CriticalNotBelowWarning(field=CRITICAL, other=warning)
    raise CriticalNotBelowWarning(field=WARNING, other=critical)
