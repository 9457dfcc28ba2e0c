import datetime

import pytest

from accounts.models import User
from tenants import services
from tenants.models import Tenant

LONG_AGO = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture
def both(owner: User, other_tenant: Tenant) -> User:
    """The owner of Acme, who is a plain member of Globex too and works in Acme."""
    services.add_member(tenant=other_tenant, user=owner)
    return owner


def suspend(tenant: Tenant) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(suspended_at=LONG_AGO)
