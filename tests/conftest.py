"""Rows for every id that a call of the API can hold."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.models import User
from notifications.models import Announcement, NotificationTemplate
from notifications.tests.helpers import tell
from sms.tests.helpers import make_message
from tenants.models import Tenant

RowsOf = Callable[[User], dict[str, str]]


@pytest.fixture
def rows_of(tenant: Tenant) -> RowsOf:
    """`rows_of(user)`: an id for each of the names that stand in paths; what has an owner is this user's."""
    texts = {"title": "$title", "message": "$summary", "notification_type": "system", "priority": "high"}
    template = NotificationTemplate.objects.create(kind="problem_opened", name="A problem", **texts)
    words = {"title": "Hello", "message": "Hello", "notification_type": "info", "priority": "low"}
    done = {"state": "done", "finished_at": timezone.now(), "created_count": 1, "target_count": 1}
    job = Announcement.objects.create(audience="admins", **words, **done)

    def rows(user: User) -> dict[str, str]:
        of = {"notification_id": tell(user).pk, "message_id": make_message(tenant).pk, "tenant_id": tenant.pk}
        of |= {"template_id": template.pk, "job_id": job.pk}
        return {name: str(key) for name, key in of.items()}

    return rows
