"""The carriers of these tests, and who calls."""

import datetime
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from sms import providers
from sms.providers.base import Provider
from sms.providers.http import HttpGateway
from sms.tests import gateway as gateways
from sms.tests.gateway import Gateway
from sms.tests.helpers import Carrier
from sms.tests.http_instances import SECRET, set_up
from sms.tests.simulating import Wait


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


@pytest.fixture
def wait(time_machine: time_machine.TimeMachineFixture) -> Wait:
    """Lets seconds pass."""

    def wait(seconds: float, *, tick: bool = True) -> None:
        time_machine.move_to(timezone.now() + datetime.timedelta(seconds=seconds), tick=tick)

    return wait


@pytest.fixture
def store(settings: Settings) -> Iterator["redis.Redis"]:
    """What the carrier remembers."""
    with redis.Redis.from_url(settings.REDIS_URL, decode_responses=True) as client:
        yield client
