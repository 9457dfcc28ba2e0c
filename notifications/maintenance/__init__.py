"""Maintenance windows: when they are, what they keep from opening, and telling of them. Their only writers."""

from notifications.maintenance.keeping import keep_time, suppresses
from notifications.maintenance.times import Time, coming, state_of, times
from notifications.maintenance.windows import (
    LONGEST_ANNOUNCEMENT,
    LONGEST_MINUTES,
    WindowGone,
    WindowRefused,
    cancel_window,
    change_window,
    create_window,
    draft,
)

__all__ = [
    "LONGEST_ANNOUNCEMENT",
    "LONGEST_MINUTES",
    "Time",
    "WindowGone",
    "WindowRefused",
    "cancel_window",
    "change_window",
    "coming",
    "create_window",
    "draft",
    "keep_time",
    "state_of",
    "suppresses",
    "times",
]
