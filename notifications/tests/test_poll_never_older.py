"""Whatever writes to an inbox, or ends what somebody may do, comes between polls at random; no reply is ever an older
one. Each must equal what the serializer makes of Postgres at that moment, or be the 304 of a reply that does.
"""

import contextlib
import datetime
import functools
from collections.abc import Callable
from typing import Any

import pytest
import redis
import time_machine
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts import services as accounts
from accounts.models import User
from notifications import announcements, credit_levels, incidents, poll_store, preferences, services, tasks
from notifications.models import Announcement, Incident, Notification
from notifications.models.priority import Priority
from notifications.services import BulkAction
from notifications.tests.helpers import API, fresh, problem, resolve, see, tell
from tenants import services as tenants
from tenants.models import Membership, Tenant

RECENT = API + "recent/"
SECONDS = (1, 31, 61, 600, 4000, 90_000)
pytestmark = pytest.mark.django_db(transaction=True)


class Life:
    """One admin of two tenants, and everything that can happen to what they see. Each takes a number from 0 to 5."""

    def __init__(self, user: User, both: list[Tenant], settings: Settings, clock: time_machine.Traveller) -> None:
        self.user, self.both, self.settings, self.clock = user, both, settings, clock

    def _begin(self) -> None:
        """An admin of both tenants with an empty inbox, so that an example that fails does so again."""
        for model in (Incident, Announcement, Notification):
            model._default_manager.all().delete()
        for tenant in self.both:
            tenants.add_member(tenant=tenant, user=self.user)
        self._tell("The first")
        self.user.is_staff = True
        self.user.save()

    def _one(self, number: int) -> Any:
        """The id of one of their notifications, or one that nobody has."""
        ids = list(Notification.objects.filter(recipient=self.user).order_by("-id").values_list("pk", flat=True)[:6])
        return ids[number % len(ids)] if ids else self.user.pk

    def _tell(self, title: str, **fields: Any) -> None:
        preferences.change_settings(user=self.user, changes={"in_app_notifications_enabled": True})
        tell(self.user, title, **fields)

    # What is told.

    def is_told(self, number: int) -> None:
        self._tell(f"Number {number}", tenant=[None, *self.both][number % 3])

    def is_told_for_a_while(self, number: int) -> None:
        self._tell("Short-lived", expires_at=timezone.now() + datetime.timedelta(seconds=number * 30 + 1))

    def everybody_is_told(self, number: int) -> None:
        announcements.announce(author=self.user, title=f"Number {number}", message="To all", audience="everyone")

    def everybody_is_told_by_workers(self, number: int) -> None:
        job = announcements.announce(author=self.user, title="Soon", message="To all", audience=self._audience(number))
        Announcement.objects.filter(pk=job.pk).update(state="queued", finished_at=None, cursor=None)
        job.notifications.all().delete()  # as if none had been told before the reply
        tasks.fan_out_announcement(str(job.pk))

    def _audience(self, number: int) -> Any:
        return ["admins", "everyone", {"tenant": str(self.both[number % 2].pk)}][number % 3]

    def tries_credits(self, number: int) -> None:
        credit_levels.try_out(user=self.user, current_credits=number * 6, total_credits=100)

    # Problems.

    def a_problem_is_seen(self, number: int) -> None:
        see(problem(list(Priority)[number % 4], scope=f"provider:{number % 2}"))

    def a_problem_is_over(self, number: int) -> None:
        for incident in Incident.objects.unresolved()[:1]:
            resolve(incident)

    def a_problem_is_reported(self, number: int) -> None:
        priority = list(Priority)[number % 4]
        words = {"problem_type": f"Type {number % 2}", "description": "Slow."}
        incidents.report_problem(reporter=self.user, priority=priority, data={}, **words)

    def an_incident_is_deleted(self, number: int) -> None:
        for incident in Incident.objects.all()[:1]:
            incident.delete()

    # What the person does.

    def reads(self, number: int) -> None:
        services.mark_read(user=self.user, notification_id=self._one(number))

    def makes_unread(self, number: int) -> None:
        services.mark_unread(user=self.user, notification_id=self._one(number))

    def archives(self, number: int) -> None:
        services.archive(user=self.user, notification_id=self._one(number))

    def deletes(self, number: int) -> None:
        services.delete(user=self.user, notification_id=self._one(number))

    def changes_many(self, number: int) -> None:
        ids = [self._one(one) for one in range(number)]
        services.bulk(user=self.user, ids=ids, action=list(BulkAction)[number % 4])

    def reads_all(self, number: int) -> None:
        services.mark_all_read(user=self.user, before=self._one(number) if number % 2 else None)

    def changes_settings(self, number: int) -> None:
        preferences.change_settings(user=self.user, changes={"in_app_notifications_enabled": bool(number % 2)})

    # Who they are, and where they belong.

    def switches_the_tenant(self, number: int) -> None:
        with contextlib.suppress(tenants.NotAMember):
            tenants.switch_tenant(user=self.user, tenant_id=self.both[number % 2].pk)

    def joins_a_tenant(self, number: int) -> None:
        tenants.add_member(tenant=self.both[number % 2], user=self.user)

    def leaves_a_tenant(self, number: int) -> None:
        Membership.objects.filter(user=self.user, tenant=self.both[number % 2]).delete()

    def gets_another_role(self, number: int) -> None:
        self.user.is_staff = bool(number % 2)
        self.user.save()

    def is_deactivated_for_a_while(self, number: int) -> None:
        self.user.is_active = False
        self.user.save()
        assert self.client.get(RECENT).status_code == 401
        self.user.is_active = True
        self.user.save()

    def signs_out(self, number: int) -> None:
        accounts.end_sessions(user=self.user, because="signed out")
        assert self.client.get(RECENT).status_code == 401

    def gets_another_password(self, number: int) -> None:
        self.user.set_password(f"another battery staple {number}")
        self.user.save()
        assert self.client.get(RECENT).status_code == 401

    # Time, and what the platform does by itself.

    def time_goes_by(self, number: int) -> None:
        self.clock.shift(datetime.timedelta(seconds=SECONDS[number]))

    def is_cleaned_up(self, number: int) -> None:
        services.cleanup(days=1)

    def retention_runs(self, number: int) -> None:
        tasks.retention()

    def redis_forgets(self, number: int) -> None:
        with redis.Redis.from_url(self.settings.REDIS_URL) as server:
            server.flushdb()

    def redis_is_away_meanwhile(self, number: int) -> None:
        there, self.settings.REDIS_URL = self.settings.REDIS_URL, "redis://127.0.0.1:1"
        self.is_told(number)
        self.settings.REDIS_URL = there
        assert poll_store.make_up_for_missed() > 0

    client: APIClient


CHANGES = [name for name, one in vars(Life).items() if callable(one) and not name.startswith("_")]


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
@given(steps=st.lists(st.tuples(st.sampled_from(CHANGES), st.integers(0, 5)), min_size=1, max_size=14))
def test_whatever_happens_between_polls_a_reply_is_never_an_older_one(
    steps: list[tuple[str, int]],
    client_of: Callable[[User], APIClient],
    staff: User,
    tenant: Tenant,
    other_tenant: Tenant,
    settings: Settings,
) -> None:
    # Each example sets the clock back, and all are one person within a minute.
    settings.READS_PER_MINUTE, settings.POLLS_PER_MINUTE, settings.RETENTION_DAYS = 0, 10**9, 1
    with time_machine.travel(timezone.now(), tick=False) as clock:
        life = Life(staff, [tenant, other_tenant], settings, clock)
        life._begin()
        life.client = client_of(staff)
        poll = functools.partial(_poll, life, client_of, {})
        poll()
        for change, number in steps:
            staff.refresh_from_db()
            getattr(life, change)(number)
            poll()


def _poll(life: Life, client_of: Callable[[User], APIClient], seen: dict[str, Any]) -> None:
    """One more poll as a browser makes it; `seen` is the reply that it has."""
    answer = life.client.get(RECENT, HTTP_IF_NONE_MATCH=seen.get("etag", ""))
    if answer.status_code == 401:  # signed out, or waited for longer than an access token lives
        life.user.refresh_from_db()
        life.client = client_of(life.user)
        answer = life.client.get(RECENT, HTTP_IF_NONE_MATCH=seen.get("etag", ""))
    if answer.status_code == 200:
        seen |= {"body": answer.json(), "etag": answer["ETag"]}
    assert answer.status_code in (200, 304)
    assert seen["body"] == fresh(life.user)
