import datetime
from typing import Any

import pytest
from django.apps import apps

from accounts.models import User
from tenants import services
from tenants.models import Tenant

LONG_AGO = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def _no_scan_for_static_files(settings: Any) -> None:
    """WhiteNoise would look for all of them again (35 ms) at the first request of every test client."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture
def account() -> Any:
    """A model of a room above, looked up by name because arrows point down: one row per tenant."""
    return apps.get_model("sms", "CreditAccount")


@pytest.fixture
def both(owner: User, other_tenant: Tenant) -> User:
    """The owner of Acme, who is a plain member of Globex too and works in Acme."""
    services.add_member(tenant=other_tenant, user=owner)
    return owner


def suspend(tenant: Tenant) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(suspended_at=LONG_AGO)
