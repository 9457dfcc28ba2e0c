"""The carriers of these tests."""

from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from sms import providers
from sms.providers.base import Provider
from sms.providers.http import HttpGateway
from sms.tests import gateway as gateways
from sms.tests.gateway import Gateway
from sms.tests.helpers import Carrier
from sms.tests.http_instances import SECRET, set_up


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Callable[[type[Provider]], None]:
    """Makes a provider the only one there is."""

    def use(provider: type[Provider]) -> None:
        monkeypatch.setattr(providers, "PROVIDERS", (provider,))
        settings.SMS_PROVIDER = provider.slug
        Carrier.taken.clear()

    return use


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """A gateway on this machine."""
    with gateways.running() as running:
        yield running


@pytest.fixture
def beem(settings: Settings, gateway: Gateway) -> HttpGateway:
    return set_up(
        settings,
        profile="beem",
        api_key="key",
        secret_key="secret",
        send_url=f"{gateway.url}/v1/send",
        check_url=f"{gateway.url}/public/v1/vendors/balance",
        report_url=f"{gateway.url}/public/v1/delivery-reports?dest_addr={{digits}}&request_id={{id}}",
    )


@pytest.fixture
def africas_talking(settings: Settings, gateway: Gateway) -> HttpGateway:
    return set_up(
        settings,
        profile="africas_talking",
        username="sandbox",
        api_key="key",
        receipt_secret=SECRET,
        send_url=f"{gateway.url}/version1/messaging",
        check_url=f"{gateway.url}/version1/user?username={{username}}",
    )
