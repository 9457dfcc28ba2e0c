"""How the status page words what it shows."""

from django import template

from notifications.status_page.reading import Day, Part
from notifications.system_monitor.report import State

register = template.Library()

OVERALL = {
    State.OK: "Everything works",
    State.WARNING: "Some things do not work as they should",
    State.CRITICAL: "There are problems",
    State.UNKNOWN: "We do not know at the moment",
}
WORDS = {State.OK: "Working", State.WARNING: "Degraded", State.CRITICAL: "Trouble", State.UNKNOWN: "Unknown"}
#: A day is told by the height of its bar as well as by its colour.
HEIGHTS = {"good": 30, "fair": 20, "bad": 11, "unknown": 4}


@register.filter
def overall(state: State) -> str:
    return OVERALL[state]


@register.filter
def word(state: State) -> str:
    return WORDS[state]


@register.filter
def percent(value: float | None) -> str:
    """Never rounded up to 100."""
    if value is None:
        return "not known"
    return "100 %" if value == 100 else f"{int(value * 100) / 100:.2f} %"


@register.filter
def times(count: int, factor: int) -> int:
    return count * factor


@register.filter
def height(kind: str) -> int:
    return HEIGHTS[kind]


@register.filter
def top(kind: str) -> int:
    return HEIGHTS["good"] - HEIGHTS[kind]


@register.filter
def days_with_trouble(part: Part) -> list[Day]:
    return [day for day in reversed(part.days) if day.kind in ("fair", "bad")]


@register.filter
def strip_words(part: Part) -> str:
    """The strip in a sentence, for who does not see it."""
    known, bad = part.known_days, len(days_with_trouble(part))
    return (
        f"{part.component.title}, the last {len(part.days)} days: {percent(part.percent)}; "
        f"well on {known - bad}, trouble on {bad}, not known on {len(part.days) - known}."
    )
