"""Who is told on which channel, and why: a pure function of what is told, what its reader chose, and the time."""

import datetime
from dataclasses import dataclass, field

from notifications.models import Channel
from notifications.models.priority import Priority


@dataclass(frozen=True)
class Wishes:
    """What one person chose, and where they can be reached; loaded for many at once by preferences.wishes_of."""

    email: str = ""
    """Empty: no mailbox to write to."""
    phone_number: str = ""
    """E.164; empty: no number, or none that was verified."""
    timezone: str = "UTC"
    email_on: bool = True
    sms_on: bool = False
    cells: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """(category, channel) -> (when, whose choice: yours, your tenant's or the platform's)."""
    quiet: tuple[datetime.time, datetime.time] | None = None
    daily_digest_at: datetime.time = datetime.time(8)
    snoozed_until: datetime.datetime | None = None


@dataclass(frozen=True)
class Decision:
    """What happens on one channel, and the rule that says so in words for people."""

    channel: Channel
    rule: str
    is_sent: bool = True
    due_at: datetime.datetime | None = None
    """None: at once."""
    digest: str = ""
    """hourly or daily: told together with others at `due_at`."""


def decide(*, category: str, priority: Priority, wishes: Wishes, now: datetime.datetime) -> list[Decision]:
    """One decision for e-mail and one for SMS."""
    urgent = priority in (Priority.HIGH, Priority.CRITICAL)
    return [
        _plain(Channel.EMAIL, bool(wishes.email), wishes.email_on, "No e-mail address."),
        _plain(Channel.SMS, bool(wishes.phone_number), wishes.sms_on and urgent, "No verified phone number."),
    ]


def _plain(channel: Channel, reachable: bool, wanted: bool, unreachable: str) -> Decision:
    if not reachable:
        return Decision(channel, unreachable, is_sent=False)
    return Decision(channel, f"{channel.label} is {'on' if wanted else 'off'} in the settings.", is_sent=wanted)
