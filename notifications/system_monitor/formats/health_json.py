"""For scripts: one JSON object, with the field names of application/health+json (the IETF's health check draft) where
they fit. health.schema.json beside this file is its schema.
"""

import json
from typing import Any

from notifications.system_monitor.formats.document import SHOWN, Document, Look, Measure
from notifications.system_monitor.formats.text import late
from notifications.system_monitor.report import State, stamp

#: The draft knows no "unknown"; `state` says which it is.
STATUS = {State.OK: "pass", State.WARNING: "warn", State.UNKNOWN: "warn", State.CRITICAL: "fail"}
TYPES = {"database": "datastore"}
#: Of this form; a field that goes or changes its meaning makes it another one.
VERSION = "1"


def render(document: Document, look: Look) -> str:
    return json.dumps(as_json(document), indent=2) + "\n"


def as_json(document: Document) -> dict[str, Any]:
    report = document.report
    ill = [f"{one.component}: {one.summary}" for one in document.measures if one.state is not State.OK]
    notes = [f"Monitor: {late(document.monitor)}"] if document.is_late else []
    return {
        "status": STATUS[document.state],
        "version": VERSION,
        "serviceId": "bellwether",
        "description": "Health of the SMS platform",
        "output": " ".join(ill),
        "notes": notes,
        "state": document.state.value,
        "exitCode": document.state.exit_code,
        "time": report["timestamp"],
        "ageSeconds": report["age_seconds"],
        "durationMs": report["duration_ms"],
        "isComplete": report["complete"],
        "isPartial": document.is_partial,
        "isStored": report["stored"],
        "tenant": document.tenant or None,
        "lastCompleteRun": report["last_complete_run"],
        "monitor": report["monitor"],
        "checks": {f"{one.slug}:{one.name}": [_check(one, report["timestamp"])] for one in document.measures},
        "incidents": _incidents(document),
        "incidentsTotal": None if document.incidents is None else len(document.incidents),
    }


def _check(one: Measure, time: str) -> dict[str, Any]:
    return {
        "componentId": one.slug,
        "componentType": TYPES.get(one.slug, "component"),
        "componentName": one.component,
        "observedValue": one.value,
        "observedUnit": one.unit,
        "status": STATUS[one.state],
        "state": one.state.value,
        "time": one.details.get("measured_at", time),
        "output": "" if one.state is State.OK else one.summary,
        "details": one.details,
    }


def _incidents(document: Document) -> list[dict[str, Any]] | None:
    if document.incidents is None:
        return None
    return [
        {
            "id": one.id,
            "title": one.title,
            "summary": one.summary,
            "priority": one.priority.value,
            "state": one.state,
            "openedAt": stamp(one.opened_at),
        }
        for one in document.incidents[:SHOWN]
    ]
