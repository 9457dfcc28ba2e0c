"""Celery's way into sms.services. Losing one of these messages loses nothing: `sweep` finds the rows."""

from uuid import UUID

from celery import shared_task

from sms import services
from tenants.scope import all_tenants


@shared_task
def deliver_messages(ids: list[str]) -> dict[str, int]:
    """Hands queued messages to their carriers; returns how many ended in which state."""
    outcome: dict[str, int] = {}
    with all_tenants(because="ids come from queue_messages and the sweeper, of any tenant"):
        for key in ids:
            status = services.deliver(message_id=UUID(key))
            outcome[status or "taken"] = outcome.get(status or "taken", 0) + 1
    return outcome


@shared_task
def sweep() -> dict[str, int]:
    """Finds what a crash or a lost hint left behind."""
    with all_tenants(because="the sweeper tends the whole platform"):
        return services.sweep()


@shared_task
def squash_counts() -> dict[str, int]:
    return {"merged": services.squash_counts()}
