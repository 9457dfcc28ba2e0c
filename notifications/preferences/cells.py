"""Changes of the matrix, cell by cell."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from notifications.categories import named
from notifications.changes import inbox_changed
from notifications.delivery.replanning import replan
from notifications.delivery.rules import Wishes, choices_of, default_of, in_force, is_mandatory
from notifications.models import ChannelChoice, Notification, NotificationSettings
from notifications.models.choice import Column, When
from notifications.preferences.rows import locked
from notifications.preferences.switches import lifted, said_by
from notifications.preferences.wishes import SWITCHES, seen_by

KEY = ["user", "tenant", "category", "channel"]


@dataclass(frozen=True)
class Cell:
    """What is chosen for one category on one channel; `when` None takes the choice back."""

    category: str
    channel: str
    when: When | None


class CellRefused(Exception):
    """A cell cannot be set to that; in words for people."""


def choose(*, user: User, cells: Sequence[Cell]) -> None:
    """Writes this person's own choices; all other cells stay as they are. Raises CellRefused, having written nothing.

    A cell that is turned on in a channel that was switched off turns on that one and no other: the switch is taken
    back, and what it kept silent is switched off cell by cell.
    """
    check(cells)
    with transaction.atomic():
        row = locked(user=user)
        wishes = seen_by(user=user)
        for column in Column:
            changed = [cell for cell in cells if cell.channel == column]
            if changed and wishes.switch(column) is False:
                _take_switch_back(row, column, changed, wishes)
        write(cells, user_id=user.pk)
        inbox_changed(user_ids=[user.pk])
        replan(user_id=user.pk, now=timezone.now())


def switch_off_email(*, user_id: UUID, category: str) -> None:
    """This person gets no more e-mail of this category; repeating it is fine. Raises CellRefused."""
    choose(user=User.objects.get(pk=user_id), cells=[Cell(category, Column.EMAIL, When.OFF)])


def choose_for_tenant(*, tenant_id: UUID, cells: Sequence[Cell]) -> None:
    """What holds for notifications of this tenant where a person chose nothing. Raises CellRefused."""
    check(cells)
    with transaction.atomic():
        write(cells, tenant_id=tenant_id)


def choose_for_platform(*, cells: Sequence[Cell]) -> None:
    """What holds where neither a person nor their tenant chose. Raises CellRefused."""
    check(cells)
    with transaction.atomic():
        write(cells)


def check(cells: Iterable[Cell]) -> None:
    """Raises CellRefused for a choice that cannot be made."""
    for cell in cells:
        if cell.when is not None and cell.when not in choices_of(cell.channel):
            raise CellRefused("The inbox gathers nothing: choose at_once or off.")
        if cell.when == When.OFF and is_mandatory(cell.category, cell.channel):
            label = Column(cell.channel).label
            raise CellRefused(f"{label} for {named(cell.category)} is mandatory and cannot be switched off.")


def write(cells: Sequence[Cell], *, user_id: UUID | None = None, tenant_id: UUID | None = None) -> None:
    """In the caller's transaction. Sorted: two that write the same in another order cannot wait for each other."""
    given = sorted(cells, key=lambda cell: (cell.category, cell.channel))
    whose = {"user_id": user_id, "tenant_id": tenant_id}
    now = timezone.now()
    rows = [
        ChannelChoice(category=one.category, channel=one.channel, when=one.when, updated_at=now, **whose)
        for one in given
        if one.when is not None
    ]
    ChannelChoice.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=KEY, update_fields=["when", "updated_at"]
    )
    for one in given:
        if one.when is None:
            ChannelChoice.objects.filter(category=one.category, channel=one.channel, **whose).delete()


def _take_switch_back(row: NotificationSettings, column: Column, changed: Sequence[Cell], wishes: Wishes) -> None:
    said = lifted(row.user, column)
    free = said_by(wishes, row.user, column, said)
    if not any(_turns_on(cell, free) for cell in changed):
        return
    others = sorted(set(Notification.Type.values) - {cell.category for cell in changed})
    kept_silent = [
        Cell(one, column, When.OFF)
        for one in others
        if not is_mandatory(one, column) and in_force(one, column, free).when != When.OFF
    ]
    setattr(row, SWITCHES[column], said)
    row.save(update_fields=[SWITCHES[column], "updated_at"])
    write(kept_silent, user_id=row.user_id)


def _turns_on(cell: Cell, free: Wishes) -> bool:
    """A mandatory one was on all the while."""
    becomes = cell.when or default_of(cell.category, cell.channel, free)[0]
    return becomes != When.OFF and not is_mandatory(cell.category, cell.channel)
