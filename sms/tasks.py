"""Celery's way into sms.services. Losing one of these messages loses nothing: `sweep` finds the rows."""

from celery import shared_task

from sms import services
from tenants.scope import all_tenants


@shared_task
def dispatch(provider: str) -> dict[str, int]:
    """Hands what waits to a carrier for a while; returns how many ended how."""
    with all_tenants(because="a carrier is handed the messages of every tenant in turn"):
        return services.dispatch(provider=provider)


@shared_task
def sweep() -> dict[str, int]:
    """Finds what a crash or a lost hint left behind."""
    with all_tenants(because="the sweeper tends the whole platform"):
        return services.sweep()


@shared_task
def review_providers() -> dict[str, int]:
    """Moves traffic away from providers that do badly, and back."""
    with all_tenants(because="routes are the platform's, and so is what waits on them"):
        return {"moves": len(services.review_providers())}


@shared_task
def poll_reports() -> dict[str, int]:
    """Asks the gateways that post no receipts."""
    with all_tenants(because="a gateway is asked about the messages of every tenant"):
        return services.poll_reports()


@shared_task
def squash_counts() -> dict[str, int]:
    return {"merged": services.squash_counts(), "coarsened": services.coarsen_counts()}
