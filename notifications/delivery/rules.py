"""Who is told on which channel, when, and why: pure functions of what is told, what its reader chose, and the time.

The last word on one category and channel (`in_force`) has, in this order: a mandatory category; a channel that the
person switched off; their own choice; their tenant's; the platform's; what is built in: the inbox and e-mail at once,
SMS not before somebody asks for it.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models

from notifications.categories import named
from notifications.delivery import clock
from notifications.models import Channel, Delivery, Notification
from notifications.models.choice import Column, When
from notifications.models.priority import Priority

#: These still come to an inbox that is switched off, are never gathered in a digest, and alone go by SMS at once.
URGENT = (Priority.HIGH, Priority.CRITICAL)
#: Columns that a mandatory category cannot be switched off in. SMS is none: it costs, and not everybody has a number.
MANDATORY_COLUMNS = (Column.IN_APP, Column.EMAIL)


class Whose(models.TextChoices):
    """Whose choice a cell is."""

    YOURS = "yours", "your choice"
    TENANT = "tenant", "your tenant's choice"
    PLATFORM = "platform", "the platform's choice"
    BUILT_IN = "built_in", "as it is built in"


@dataclass(frozen=True)
class Wishes:
    """What one person chose, and where they can be reached; loaded for many at once by preferences.wishes_of."""

    email: str = ""
    """Empty: no mailbox to write to."""
    phone_number: str = ""
    """E.164; empty: no number, or none that was verified."""
    timezone: str = "UTC"
    email_on: bool = True
    sms_on: bool | None = None
    """None: never said, so it is off where nobody chose it for them."""
    in_app_on: bool = True
    cells: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """(category, channel) -> (when, whose choice): the strongest of theirs, their tenant's and the platform's."""
    beneath: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """The same without their own."""
    quiet: tuple[datetime.time, datetime.time] | None = None
    daily_digest_at: datetime.time = datetime.time(8)
    snoozed_until: datetime.datetime | None = None

    @property
    def zone(self) -> datetime.tzinfo:
        return clock.zone_of(self.timezone)

    def switch(self, column: str) -> bool | None:
        """The master switch of a column; None: never touched."""
        return {Column.IN_APP: self.in_app_on, Column.EMAIL: self.email_on, Column.SMS: self.sms_on}[Column(column)]


@dataclass(frozen=True)
class Choice:
    """What is in force in one cell of the matrix."""

    when: When
    whose: Whose
    is_mandatory: bool = False
    is_switched_off: bool = False
    """The whole channel is."""


@dataclass(frozen=True)
class Decision:
    """What happens on one channel, and the rule that says so in words for people."""

    channel: Channel
    rule: str
    is_sent: bool = True
    due_at: datetime.datetime | None = None
    """None: at once."""
    digest: str = ""
    """hourly, daily or storm (Delivery.Together): held, and told together with others at `due_at`."""
    steps: tuple[str, ...] = ()
    """How it came about, in order."""

    @property
    def state(self) -> Delivery.State:
        """What its Delivery begins as."""
        if not self.is_sent:
            return Delivery.State.SKIPPED
        return Delivery.State.HELD if self.digest else Delivery.State.WAITING


# --- The matrix ---------------------------------------------------------------------------------------------------


def mandatory_categories() -> frozenset[str]:
    """Those that nobody can switch off: security, and what the platform's operator named besides."""
    return frozenset({Notification.Type.SECURITY.value, *settings.MANDATORY_CATEGORIES})


def is_mandatory(category: str, column: str) -> bool:
    return column in MANDATORY_COLUMNS and category in mandatory_categories()


def built_in(column: str, wishes: Wishes) -> tuple[When, Whose]:
    if column != Column.SMS:
        return When.AT_ONCE, Whose.BUILT_IN
    return (When.AT_ONCE, Whose.YOURS) if wishes.sms_on else (When.OFF, Whose.BUILT_IN)


def in_force(category: str, column: str, wishes: Wishes) -> Choice:
    """What holds for this category in this column, and whose choice it is."""
    chosen = wishes.cells.get((category, column))
    when, whose = (When(chosen[0]), Whose(chosen[1])) if chosen else built_in(column, wishes)
    if is_mandatory(category, column):
        return Choice(When.AT_ONCE if when == When.OFF else when, whose, is_mandatory=True)
    if wishes.switch(column) is False:
        return Choice(When.OFF, Whose.YOURS, is_switched_off=True)
    return Choice(when, whose)


def default_of(category: str, column: str, wishes: Wishes) -> tuple[When, Whose]:
    """What holds in a cell that its reader has no choice of their own in."""
    found = in_force(category, column, replace(wishes, cells=wishes.beneath))
    return found.when, found.whose


def is_on(column: str, wishes: Wishes) -> bool:
    """The flat setting of a column: whether anything comes that could be switched off."""
    free = [one for one in Notification.Type.values if not is_mandatory(one, column)]
    return any(in_force(one, column, wishes).when != When.OFF for one in free) or not free


def comes_to_inbox(*, category: str, priority: Priority, wishes: Wishes) -> bool:
    return priority in URGENT or in_force(category, Column.IN_APP, wishes).when != When.OFF


# --- Decisions ----------------------------------------------------------------------------------------------------


def decide(*, category: str, priority: Priority, wishes: Wishes, now: datetime.datetime) -> list[Decision]:
    """One decision for e-mail and one for SMS."""
    return [_decide(channel, category, priority, wishes, now) for channel in (Channel.EMAIL, Channel.SMS)]


def _decide(channel: Channel, category: str, priority: Priority, wishes: Wishes, now: datetime.datetime) -> Decision:
    way = _Way(channel)
    if not (wishes.email if channel == Channel.EMAIL else wishes.phone_number):
        return way.skipped("No e-mail address." if channel == Channel.EMAIL else "No verified phone number.")
    choice = in_force(category, channel, wishes)
    way.say(worded(category, channel, choice))
    if choice.when == When.OFF:
        return way.skipped()
    moment = now
    if priority in URGENT:
        way.step(f"{priority.label} ones are not gathered in digests.")
    elif choice.when != When.AT_ONCE:
        moment, way.digest = _digest_due(choice.when, wishes, now), choice.when.value
        way.say(f"Told in the {choice.when.value} digest of {shown(moment, wishes)}.")
    elif channel == Channel.SMS:
        return way.skipped("By SMS only high and critical ones go at once.")
    moment = _held(way, moment, priority, wishes)
    return way.sent(due_at=moment if moment > now else None)


def _digest_due(when: When, wishes: Wishes, now: datetime.datetime) -> datetime.datetime:
    if when == When.HOURLY:
        return clock.next_hour(now, wishes.zone)
    return clock.next_at(now, wishes.daily_digest_at, wishes.zone)


def _held(way: "_Way", moment: datetime.datetime, priority: Priority, wishes: Wishes) -> datetime.datetime:
    """The first moment that is neither snoozed nor quiet."""
    if priority == Priority.CRITICAL:
        way.step("Critical ones pass snooze and quiet hours.")
        return moment
    if wishes.snoozed_until and wishes.snoozed_until > moment:
        moment = wishes.snoozed_until
        way.say(f"Snoozed until {shown(moment, wishes)}.")
    if wishes.quiet and clock.is_quiet(moment, wishes.quiet, wishes.zone):
        moment = clock.quiet_until(moment, wishes.quiet, wishes.zone)
        begins, ends = wishes.quiet
        way.say(f"Quiet hours from {begins:%H:%M} to {ends:%H:%M}: held until {shown(moment, wishes)}.")
    return moment


@dataclass
class _Way:
    """Collects how a decision comes about."""

    channel: Channel
    words: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    digest: str = ""

    def step(self, words: str) -> None:
        """Looked at, and it changed nothing."""
        self.steps.append(words)

    def say(self, words: str) -> None:
        """Part of the rule."""
        self.words.append(words)
        self.steps.append(words)

    def skipped(self, words: str = "") -> Decision:
        if words:
            self.say(words)
        return Decision(self.channel, " ".join(self.words), is_sent=False, steps=tuple(self.steps))

    def sent(self, *, due_at: datetime.datetime | None) -> Decision:
        return Decision(self.channel, " ".join(self.words), True, due_at, self.digest, tuple(self.steps))


# --- Words --------------------------------------------------------------------------------------------------------

WORDS = {
    When.AT_ONCE: "at once",
    When.HOURLY: "in a digest each hour",
    When.DAILY: "in a digest each day",
    When.OFF: "off",
}


def worded(category: str, column: str, choice: Choice) -> str:
    """The rule of a cell: `SMS for billing: off, your tenant's choice.`"""
    label = Column(column).label
    if choice.is_mandatory:
        return f"{label} for {named(category)}: {WORDS[choice.when]}; it cannot be switched off."
    if choice.is_switched_off:
        return f"You switched {label if label == 'SMS' else label.lower()} off."
    return f"{label} for {named(category)}: {WORDS[choice.when]}, {choice.whose.label}."


def shown(moment: datetime.datetime, wishes: Wishes) -> str:
    """A time by this person's own clock."""
    zone = wishes.zone
    name = zone.key if isinstance(zone, ZoneInfo) else "UTC"
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M} ({name})"


def choices_of(column: str) -> Iterable[When]:
    """What a cell of this column takes: an inbox gathers nothing."""
    return (When.AT_ONCE, When.OFF) if column == Column.IN_APP else tuple(When)
