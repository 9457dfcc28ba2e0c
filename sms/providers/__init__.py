"""The carriers' gateways. One file a vendor; this tuple and SMS_HTTP_GATEWAYS are the whole registry."""

from sms.providers.base import Provider
from sms.providers.http import gateways
from sms.providers.simulator import Simulator
from sms.providers.twilio import Twilio

PROVIDERS: tuple[type[Provider], ...] = (Simulator, Twilio)


class UnknownProvider(LookupError):
    pass


def slugs() -> list[str]:
    """Of every provider that is there, in the order of the registry."""
    return [provider.slug for provider in (*PROVIDERS, *gateways())]


def get_provider(slug: str) -> Provider:
    """Raises UnknownProvider."""
    for provider in (*PROVIDERS, *gateways()):
        if provider.slug == slug:
            return provider()
    raise UnknownProvider(slug)
