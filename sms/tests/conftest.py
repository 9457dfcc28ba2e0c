"""The carriers of these tests."""

from collections.abc import Callable

import pytest
from pytest_django import Settings

from sms import providers
from sms.providers.base import Provider
from sms.tests.helpers import Carrier


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Callable[[type[Provider]], None]:
    """Makes a provider the only one there is."""

    def use(provider: type[Provider]) -> None:
        monkeypatch.setattr(providers, "PROVIDERS", (provider,))
        settings.SMS_PROVIDER = provider.slug
        Carrier.taken.clear()

    return use
