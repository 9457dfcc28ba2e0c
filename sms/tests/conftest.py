"""The carriers of these tests, and who calls."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
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


@pytest.fixture
def api(owner: User, outsider: User, topped_up: None, client_of: Callable[[User], APIClient]) -> APIClient:
    """The owner of a tenant that has credits, beside another tenant that has them too."""
    return client_of(owner)


@pytest.fixture
def count_of() -> Callable[[Callable[[], Any]], int]:
    """How many statements a call takes that succeeds."""

    def count(call: Callable[[], Any]) -> int:
        with CaptureQueriesContext(connection) as queries:
            response = call()
        assert response.status_code < 300, response.content
        return len(queries)

    return count


def streamed(response: Any) -> bytes:
    """The whole body of a reply that is made while it is sent."""
    return b"".join(response.streaming_content)
