"""Books of credits that do not agree are a problem of the platform, one a tenant."""

import pytest

from accounts.models import User
from notifications.credit_books import KIND
from notifications.models import Incident
from notifications.tests.helpers import told
from sms import services as sms
from sms.models import CreditAccount
from tenants.models import Tenant

pytestmark = pytest.mark.usefixtures("platform", "topped_up")


def off_by(tenant: Tenant, credits: int) -> None:
    CreditAccount.objects.filter(tenant=tenant).update(available=100_000 + credits)
    sms.reconcile_credits()


def states() -> list[tuple[str, str]]:
    rows = Incident.objects.filter(kind=KIND).order_by("title", "opened_at")
    return list(rows.values_list("scope", "state"))


def test_a_difference_is_one_incident_a_tenant_told_once(
    admin: User, staff: User, owner: User, tenant: Tenant, other_tenant: Tenant
) -> None:
    off_by(tenant, 5)
    off_by(tenant, 5)
    off_by(other_tenant, -5)
    assert states() == [(str(tenant.pk), "open"), (str(other_tenant.pk), "open")]
    assert told(admin) == told(staff) == ["opened", "opened"]
    assert told(owner) == []


def test_it_carries_the_numbers(admin: User, tenant: Tenant) -> None:
    off_by(tenant, 5)
    incident = Incident.objects.get()
    assert incident.title == "SMS Credits: the books of Acme do not agree"
    assert incident.summary == (
        "Available: 100005 in the account, 100000 in the ledger. Reserved: 0 in the account, 0 in the ledger, 0 for "
        "messages on their way. In all: 100005 in the account, 100000 in grants."
    )
    assert incident.priority == "high"
    assert incident.details == {
        "available": 100_005,
        "reserved": 0,
        "ledger_available": 100_000,
        "ledger_reserved": 0,
        "granted": 100_000,
        "on_their_way": 0,
    }


def test_it_is_over_when_they_agree_again(admin: User, tenant: Tenant, other_tenant: Tenant) -> None:
    off_by(tenant, 5)
    off_by(other_tenant, 5)
    off_by(tenant, 0)
    assert states() == [(str(tenant.pk), "resolved"), (str(other_tenant.pk), "open")]
    off_by(tenant, 7)
    assert states() == [(str(tenant.pk), "resolved"), (str(tenant.pk), "open"), (str(other_tenant.pk), "open")]
