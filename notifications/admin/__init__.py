"""What people are told, in the Django admin. Its front page is notifications.dashboard."""

from notifications.admin import delivery, inbox, incidents, maintenance, monitor, webhooks

__all__ = ["delivery", "inbox", "incidents", "maintenance", "monitor", "webhooks"]
