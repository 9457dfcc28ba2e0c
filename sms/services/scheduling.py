"""When a batch goes out, and how long it is worth something."""

import datetime
from dataclasses import dataclass

#: How far ahead a batch may be scheduled.
FURTHEST = datetime.timedelta(days=90)
SHORTEST_VALIDITY, LONGEST_VALIDITY = datetime.timedelta(seconds=30), datetime.timedelta(days=7)


class BadTime(ValueError):
    """The moment lies in the past, or too far ahead."""


@dataclass(frozen=True)
class Schedule:
    send_at: datetime.datetime | None
    """None: at once."""
    valid_until: datetime.datetime | None


def schedule(*, send_at: datetime.datetime | None, valid_for: int | None, now: datetime.datetime) -> Schedule:
    """`valid_for` is in seconds from the sending on. Raises BadTime."""
    if send_at is not None and send_at <= now:
        raise BadTime("It must lie in the future. Leave it out to send at once.")
    if send_at is not None and send_at > now + FURTHEST:
        raise BadTime(f"At most {FURTHEST.days} days ahead.")
    if valid_for is None:
        return Schedule(send_at, None)
    return Schedule(send_at, (send_at or now) + datetime.timedelta(seconds=valid_for))
