"""What a test leaves behind is gone before the next one, also what cannot be deleted row by row."""

import pytest

from accounts.models import User
from sms.models import CreditEntry, MessageCount
from sms.services import Addressee, queue_messages
from tenants.models import Tenant
from tenants.scope import all_tenants
from tests import emptying


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("people", [1, emptying.FEW + 1])
def test_nothing_is_left_whether_little_or_much_was_written(people: int, tenant: Tenant, topped_up: None) -> None:
    User.objects.bulk_create(User(email=f"person-{n}@many.test") for n in range(people))
    with all_tenants(because="the test looks at everything"):
        queue_messages(tenant_id=tenant.pk, addressees=[Addressee("+255754123456", "hi")], sender_id="ACME")
        assert CreditEntry.objects.exists()
        assert MessageCount.objects.exists()
        emptying.empty_tables()
        assert emptying._rows() == {}
