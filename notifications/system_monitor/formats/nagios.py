"""For Nagios and its kin: one line, and performance data as the Monitoring Plugins' guidelines have it
(https://www.monitoring-plugins.org/doc/guidelines.html): 'label'=value[UOM];[warn];[crit];[min];[max].
"""

from collections.abc import Iterable

from notifications.system_monitor.formats.document import Document, Look, Measure
from notifications.system_monitor.formats.text import late
from notifications.system_monitor.report import State

#: The units that the guidelines know; anything else is a plain number.
UNITS = frozenset({"s", "ms", "%"})
#: A longer line is cut by some readers, and its numbers with it.
LONGEST = 1000


def render(document: Document, look: Look) -> str:
    """One line: the state, what is wrong, and behind a bar the numbers as performance data."""
    measures = list(document.measures)
    ill = _said_once((one.summary, one.component) for one in measures if one.state is not State.OK)
    ill += [f"Monitor: {late(document.monitor)}"] if document.is_late else []
    said = " ".join(ill) or f"{len(measures)} of {len(measures)} components are well"
    numbers = [_number(one) for one in measures]
    if document.incidents is not None:
        numbers.append(f"'open_incidents'={len(document.incidents)};;;0;")
    numbers.append(f"'run_time'={document.report['duration_ms'] / 1000:.3f}s;;;0;")
    whose = f" of {document.tenant}" if document.tenant else ""
    return f"SYSTEM HEALTH{whose} {document.state.upper()} - {_plain(said)} | {' '.join(numbers)}\n"


def _said_once(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Of summaries and components: where several say the same, as without Postgres, they say it together."""
    found: dict[str, list[str]] = {}
    for summary, component in pairs:
        found.setdefault(summary, []).append(component)
    return [f"{', '.join(components)}: {summary}" for summary, components in found.items()]


def _number(one: Measure) -> str:
    value = "U" if one.value is None else f"{one.value:.10g}{one.unit if one.unit in UNITS else ''}"
    alarm = "" if one.bound is None else f"{one.bound.number}{':' if one.bound.is_least else ''}"
    warning, critical = ("", alarm) if one.is_issue else (alarm, "")
    return f"'{one.slug}_{one.name}'={value};{warning};{critical};0;{100 if one.unit == '%' else ''}"


def failed(why: str) -> str:
    """Where there is no report to write."""
    return f"SYSTEM HEALTH UNKNOWN - {_plain(why)}\n"


def _plain(text: str) -> str:
    """On one line, without the sign that the numbers begin at."""
    return " ".join(text.replace("|", "/").split())[:LONGEST]
