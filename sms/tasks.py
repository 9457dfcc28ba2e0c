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
def expire_credits() -> dict[str, int]:
    """Takes off credits whose day has come; once a minute."""
    with all_tenants(because="grants of every tenant expire"):
        return {"expired": services.expire_grants()}


@shared_task
def announce_falls() -> dict[str, int]:
    """Announces falls of balances that a crash kept from being announced after their commit."""
    with all_tenants(because="the sweeper tends the whole platform"):
        return {"announced": services.announce_waiting_falls()}


@shared_task
def reconcile_credits() -> dict[str, int]:
    """Compares everybody's books; once a night."""
    with all_tenants(because="the books of every tenant are compared"):
        return {"differences": len(services.reconcile_credits())}


@shared_task
def squash_counts() -> dict[str, int]:
    return {"merged": services.squash_counts(), "coarsened": services.coarsen_counts()}
