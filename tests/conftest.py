"""Rows for every id that a call of the API can hold."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.models import User
from notifications import webhooks
from notifications.delivery import to_endpoints
from notifications.models import Announcement, MaintenanceWindow, NotificationTemplate
from notifications.tests.helpers import problem, see, tell
from sms.models import Batch, Contact, ContactGroup, GroupMember, MessageTemplate
from sms.tests.helpers import make_message, number
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.routes import WORDS

RowsOf = Callable[[User], dict[str, str]]


@pytest.fixture
def rows_of(tenant: Tenant) -> RowsOf:
    """`rows_of(user)`: an id for each of the names that stand in paths; what has an owner is this user's."""
    texts = {"title": "$title", "message": "$summary", "notification_type": "system", "priority": "high"}
    template = NotificationTemplate.objects.create(kind="problem_opened", name="A problem", **texts)
    words = {"title": "Hello", "message": "Hello", "notification_type": "info", "priority": "low"}
    upgrade = {"starts_at": timezone.now(), "minutes": 60, "weekdays": [6]}
    window = MaintenanceWindow.objects.create(title="Upgrade", **upgrade)
    done = {"state": "done", "finished_at": timezone.now(), "created_count": 1, "target_count": 1}
    job = Announcement.objects.create(audience="admins", **words, **done)

    with tenant_scope(tenant.pk):
        contact = Contact.objects.create(tenant=tenant, phone_number=number(2), raw_phone_number="2", name="Amina")
        group = ContactGroup.objects.create(tenant=tenant, name="Customers")
        GroupMember.objects.create(tenant=tenant, group=group, contact=contact)
        # Under the same id as the platform's template: in paths they have the same name.
        text = "Dear $name, your code is $code."
        MessageTemplate.objects.create(pk=template.pk, tenant=tenant, name="A code", text=text)
        counts = {"accepted": 1, "segments": 1, "credits": 1}
        batch = Batch.objects.create(tenant=tenant, text="Hello", sender_id="Acme", **counts)
    message = make_message(tenant, batch=batch)

    def rows(user: User) -> dict[str, str]:
        of = {"notification_id": tell(user).pk, "message_id": message.pk, "tenant_id": tenant.pk}
        of |= {"template_id": template.pk, "job_id": job.pk}
        of |= {"incident_id": see(problem(kind="database")).pk}
        of |= {"window_id": window.pk}
        owned_by = None if user.is_platform_admin else tenant.pk
        endpoint = webhooks.create(tenant_id=owned_by, owner=user, url="https://hooks.example.com/")
        of |= {"endpoint_id": endpoint.pk, "webhook_delivery_id": to_endpoints.ping(endpoint=endpoint).pk}
        of |= {"batch_id": batch.pk, "contact_id": contact.pk, "group_id": group.pk}
        return {name: str(key) for name, key in of.items()} | {name: WORDS[name] for name in ("check", "name")}

    return rows
