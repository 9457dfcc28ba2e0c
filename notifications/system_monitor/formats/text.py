"""For people. On a terminal in colours, elsewhere plain."""

from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from notifications import wording
from notifications.models.priority import Priority
from notifications.system_monitor.formats.document import SHOWN, Document, Look, OpenIncident
from notifications.system_monitor.report import State

#: Words, by the names that Django has for colours.
COLOURS = {"ok": "SUCCESS", "warning": "WARNING", "critical": "ERROR", "unknown": "NOTICE"}
URGENCY = {Priority.LOW: "ok", Priority.MEDIUM: "warning", Priority.HIGH: "critical", Priority.CRITICAL: "critical"}
INDENT = " " * 11


def render(document: Document, look: Look) -> str:
    return "\n".join(_lines(document, look)) + "\n"


def _lines(document: Document, look: Look) -> Iterator[str]:
    report = document.report
    age = report["age_seconds"]
    when = f"{report['timestamp']}{f', {age:g} s ago' if age >= 1 else ''}"
    whose = f" of {document.tenant}" if document.tenant else ""
    state = document.state
    yield f"System health{whose}: {look.paint(COLOURS[state], state.upper())}  ({when})"
    for one in document.measures:
        status = look.paint(COLOURS[one.state], f"{one.state.api_name:8}")
        yield f"  {status} {one.component}: {one.summary}"
        if look.verbose:
            yield from _measure(one.details)
            if one.state in (State.WARNING, State.CRITICAL) and one.runbook:
                yield f"{INDENT}what to do: {one.runbook}"
    if document.is_late:
        yield f"  {look.paint(COLOURS[State.WARNING], 'WARNING ')} Monitor: {late(document.monitor)}"
        if look.verbose:
            yield f"{INDENT}what to do: docs/monitoring.md#monitor"
    if look.verbose and not document.tenant:
        yield from _incidents(document.incidents, look)


def late(monitor: dict[str, Any]) -> str:
    last = monitor["last_scheduled_run"]
    return f"it does not run by itself; its last run of its own was {f'at {last}' if last else 'never'}."


def _measure(details: dict[str, Any]) -> Iterator[str]:
    if "threshold" not in details:
        return
    measured = "nothing" if details["measured"] is None else wording.measure(details["measured"], details["unit"])
    facts = f"measured {measured}, sample {details['sample'] or 0:,}, threshold {details['threshold']}"
    yield f"{INDENT}{facts}, took {details['milliseconds']:g} ms"
    for low in details.get("lowest", []):
        yield f"{INDENT}- {low['tenant']}: {low['available']} credits, {low['percent']:g} % ({low['band']})"
    for reason in details.get("reasons", []):
        yield f"{INDENT}- {reason['reason']}: {reason['messages']}"


def _incidents(incidents: list[OpenIncident] | None, look: Look) -> Iterator[str]:
    if incidents is None:
        yield "Open incidents: nobody knows."
        return
    yield f"Open incidents: {len(incidents) or 'none'}"
    now = timezone.now()
    for one in incidents[:SHOWN]:
        urgency = look.paint(COLOURS[URGENCY[one.priority]], f"{one.priority.value:8}")
        state = f", {one.state}" if one.state != "open" else ""
        yield f"  {urgency} {one.title} ({wording.time_ago(one.opened_at, now=now)}{state})"
    if len(incidents) > SHOWN:
        yield f"  and {len(incidents) - SHOWN} more"
