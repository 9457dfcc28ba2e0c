"""What a delivery says, fixed when it is written: the same at each attempt, whatever changes meanwhile."""

from typing import Any

from notifications.models import Notification


def of_notification(row: Notification) -> dict[str, Any]:
    """`{type, notification_id, kind, category, priority, title, message, action_text, action_url, data, incident,
    created_at}`; `type` is what happened, such as notification.created, as webhooks are told."""
    return {
        "type": "notification.created",
        "notification_id": str(row.pk),
        "kind": row.kind,
        "category": row.notification_type,
        "priority": row.priority,
        "title": row.title,
        "message": row.message,
        "action_text": row.action_text,
        "action_url": row.action_url,
        "data": row.data,
        "incident": str(row.incident_id) if row.incident_id else None,
        "event": row.event,
        "created_at": row.created_at.isoformat(),
    }


def what_happened(row: Notification) -> str:
    """The `type` for programs, which are told of the event and not of anybody's inbox: incident.opened, and so on."""
    if row.incident_id is None or not row.event:
        return "notification.created"
    return f"incident.{row.event.partition(':')[0]}"
