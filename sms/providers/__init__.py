"""The carriers' gateways. One file a vendor; this tuple is the whole registry."""

from sms.providers.base import Provider
from sms.providers.simulator import Simulator

PROVIDERS: tuple[type[Provider], ...] = (Simulator,)


class UnknownProvider(LookupError):
    pass


def get_provider(slug: str) -> Provider:
    """Raises UnknownProvider."""
    for provider in PROVIDERS:
        if provider.slug == slug:
            return provider()
    raise UnknownProvider(slug)
