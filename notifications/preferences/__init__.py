"""How each person wants to be told: the only writers of NotificationSettings and ChannelChoice, and what both mean.

The matrix of categories and channels is the truth. The three flat settings of older clients are a view of it: reading
one says whether anything comes on that channel, and writing what it already says changes nothing.
"""

from notifications.preferences.cells import (
    Cell,
    CellRefused,
    choose,
    choose_for_platform,
    choose_for_tenant,
    switch_off_email,
)
from notifications.preferences.inbox import muted, reachable, unreachable
from notifications.preferences.matrix import Shown, defaults_of_platform, defaults_of_tenant, shown_to
from notifications.preferences.rows import settings_of
from notifications.preferences.settings import (
    CRITICAL,
    WARNING,
    CriticalNotBelowWarning,
    change,
    change_settings,
    flat_of,
    snooze,
)
from notifications.preferences.wishes import wishes_of

__all__ = [
    "CRITICAL",
    "WARNING",
    "Cell",
    "CellRefused",
    "CriticalNotBelowWarning",
    "Shown",
    "change",
    "change_settings",
    "choose",
    "choose_for_platform",
    "choose_for_tenant",
    "defaults_of_platform",
    "defaults_of_tenant",
    "flat_of",
    "muted",
    "reachable",
    "settings_of",
    "shown_to",
    "snooze",
    "switch_off_email",
    "unreachable",
    "wishes_of",
]
