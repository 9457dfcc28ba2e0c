"""No made-up call breaks the API: no 5xx, no status, header or body that the schema does not know.

Each call is rolled back, so that all meet the same rows, whatever was called before.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from conftest import signed_in
from notifications.models import Announcement, NotificationTemplate
from notifications.tests.helpers import tell
from sms.tests.helpers import make_message
from tenants.models import Tenant
from tests import fuzz

TAGS = [tag["name"] for tag in settings.SPECTACULAR_SETTINGS["TAGS"]]


@pytest.fixture(autouse=True)
def _without_limits(settings: Any) -> Iterator[None]:
    """No throttle, and a connection that stays: the test client of WSGI does not know that it is in a transaction."""
    settings.SIGN_IN_ATTEMPTS_PER_MINUTE = settings.SIGN_IN_ATTEMPTS_PER_MINUTE_AND_ADDRESS = 10**6
    settings.POLLS_PER_MINUTE = 10**6
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def template(db: None) -> NotificationTemplate:
    words = {"title": "Worse: $title", "message": "$summary", "notification_type": "system", "priority": "high"}
    return NotificationTemplate.objects.create(kind="problem_escalated", name="Worse", **words)


@pytest.fixture
def job(db: None) -> Announcement:
    words = {"title": "Hello", "message": "Hello", "notification_type": "info", "priority": "low"}
    done = {"state": "done", "finished_at": timezone.now(), "created_count": 1, "target_count": 1}
    return Announcement.objects.create(audience="admins", **words, **done)


@pytest.fixture
def rows_of(tenant: Tenant, template: NotificationTemplate, job: Announcement) -> Callable[[User], dict[str, str]]:
    """One row for each id that a call can hold."""

    def rows(user: User) -> dict[str, str]:
        of = {"notification_id": tell(user), "message_id": make_message(tenant), "tenant_id": tenant}
        of |= {"template_id": template, "job_id": job}
        return {name: str(row.pk) for name, row in of.items()}

    return rows


@pytest.mark.usefixtures("topped_up")
@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("role", ["member", "owner", "admin"])
def test_nothing_made_up_breaks_it(role: str, tag: str, request: Any, rows_of: Any) -> None:
    user = request.getfixturevalue(role)
    headers, rows = _credentials(signed_in(user)), rows_of(user)

    def call(case: Any) -> None:
        fuzz.aim(case, rows)
        with transaction.atomic():
            case.call_and_validate(headers=headers, checks=fuzz.CHECKS)
            transaction.set_rollback(True)

    # At the borders of every field once: an admin gets past every permission.
    fuzz.each_operation(tag, call, coverage=role == "admin" or fuzz.EXAMPLES > 20)


def _credentials(client: APIClient) -> dict[str, str]:
    return {"Authorization": client._credentials["HTTP_AUTHORIZATION"]}  # type: ignore[attr-defined]
