"""What a webhook was sent: the list of it, a test, and sending again."""

import datetime
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from uuid_utils.compat import uuid7

from accounts.models import User
from conftest import signed_in
from notifications import webhooks
from notifications.delivery import to_endpoints
from notifications.models import Delivery, DeliveryAttempt, WebhookEndpoint
from notifications.tests.helpers import ago, in_threads
from tenants.models import Tenant

MINE = "/api/notifications/webhooks/"
URL = "https://hooks.example.com/bellwether"


@pytest.fixture
def endpoint(owner: User, tenant: Tenant) -> WebhookEndpoint:
    return webhooks.create(tenant_id=tenant.pk, owner=owner, url=URL)


@pytest.fixture
def theirs(outsider: User, other_tenant: Tenant) -> WebhookEndpoint:
    return webhooks.create(tenant_id=other_tenant.pk, owner=outsider, url=URL)


def sent(endpoint: WebhookEndpoint, state: str = "sent", **fields: Any) -> Delivery:
    """A delivery that ended so, with one attempt."""
    row = to_endpoints.ping(endpoint=endpoint)
    fields |= {"content": row.content | {"type": "notification.created"}}
    fields |= {"attempts": 3, "finished_at": timezone.now()} if state in ("sent", "dead") else {}
    Delivery.objects.filter(pk=row.pk).update(state=state, **fields)
    DeliveryAttempt.objects.create(delivery=row, number=3, outcome="accepted", seconds=0.25)
    row.refresh_from_db()
    return row


def test_a_test_is_a_delivery_like_any_other(endpoint: WebhookEndpoint, owner: User) -> None:
    client = signed_in(owner)
    answer = client.post(f"{MINE}{endpoint.pk}/test/")
    assert answer.status_code == 202
    row = Delivery.objects.get(pk=answer.json()["delivery"]["id"])
    assert (row.state, row.channel, row.endpoint_id, row.tenant_id) == (
        "waiting",
        "webhook",
        endpoint.pk,
        endpoint.tenant_id,
    )
    assert row.content["type"] == answer.json()["delivery"]["type"] == "webhook.test"


def test_a_test_that_is_on_its_way_is_the_test_and_goes_now(endpoint: WebhookEndpoint, owner: User) -> None:
    """Each may cost a worker ten seconds, and comes back ten times: a tenant could keep all of them busy for hours."""
    client, path = signed_in(owner), f"{MINE}{endpoint.pk}/test/"
    first = client.post(path).json()["delivery"]["id"]
    later = timezone.now() + datetime.timedelta(hours=5)
    Delivery.objects.filter(pk=first).update(due_at=later, attempts=5)

    assert client.post(path).json()["delivery"]["id"] == first
    assert Delivery.objects.get().due_at < later

    Delivery.objects.update(state="sent", finished_at=timezone.now())
    assert client.post(path).json()["delivery"]["id"] != first


def test_deliveries_are_listed_newest_first_with_their_attempts(endpoint: WebhookEndpoint, owner: User) -> None:
    rows = [sent(endpoint, state) for state in ("sent", "dead", "waiting")]
    client, path = signed_in(owner), f"{MINE}{endpoint.pk}/deliveries/"
    first = client.get(path, {"page_size": 2}).json()
    assert [one["id"] for one in first["results"]] == [str(row.pk) for row in (rows[2], rows[1])]
    assert [one["id"] for one in client.get(first["next"]).json()["results"]] == [str(rows[0].pk)]
    (tried,) = first["results"][0]["tries"]
    assert (tried["number"], tried["outcome"], tried["seconds"]) == (3, "accepted", 0.25)
    assert [one["state"] for one in client.get(path, {"state": "dead"}).json()["results"]] == ["dead"]


def test_one_is_sent_again_under_its_id_with_all_its_attempts_ahead(endpoint: WebhookEndpoint, owner: User) -> None:
    row = sent(endpoint, "dead")
    WebhookEndpoint.objects.update(resting_until=timezone.now() + datetime.timedelta(hours=1))
    answer = signed_in(owner).post(f"{MINE}{endpoint.pk}/replay/", {"delivery": str(row.pk)})
    assert (answer.status_code, answer.json()["replayed_count"]) == (200, 1)
    row.refresh_from_db()
    assert (row.state, row.attempts, row.finished_at) == ("waiting", 0, None)
    assert row.due_at <= timezone.now()
    assert row.tries.count() == 1, "what was tried stays on record"
    endpoint.refresh_from_db()
    assert endpoint.resting_until is None


def replay(client: APIClient, endpoint: WebhookEndpoint, **wish: Any) -> tuple[int, int]:
    body = {"since": ago(hours=3).isoformat(), "until": ago(hours=1).isoformat(), **wish}
    answer = client.post(f"{MINE}{endpoint.pk}/replay/", body)
    assert answer.status_code == 200, answer.content
    return answer.json()["replayed_count"], answer.json()["would_replay_count"]


def test_a_time_range_is_counted_first_and_then_sent_again(
    endpoint: WebhookEndpoint, theirs: WebhookEndpoint, owner: User
) -> None:
    times = {"before": ago(hours=4), "within": ago(hours=2), "after": ago(minutes=5)}
    for at in times.values():
        for state in ("sent", "dead", "waiting"):
            sent(endpoint, state, created_at=at)
    sent(theirs, "dead", created_at=times["within"])
    client = signed_in(owner)

    def waiting() -> int:
        return Delivery.objects.filter(state="waiting").count()

    assert replay(client, endpoint, dry_run=True) == (0, 2)
    assert replay(client, endpoint, dry_run=True, only_failed=True) == (0, 1)
    assert waiting() == 3, "a dry run sends nothing"
    assert replay(client, endpoint, only_failed=True) == (1, 0)
    assert replay(client, endpoint) == (1, 0), "what is on its way is left alone"
    assert replay(client, endpoint) == (0, 0)
    assert waiting() == 5
    assert set(
        Delivery.objects.filter(created_at=times["within"], endpoint=endpoint).values_list("state", flat=True)
    ) == {"waiting"}
    assert Delivery.objects.get(endpoint=theirs).state == "dead"


def test_what_a_worker_is_at_is_left_to_it(endpoint: WebhookEndpoint, owner: User) -> None:
    row = sent(endpoint, "claimed", claim_token=uuid7(), created_at=ago(hours=2))
    assert replay(signed_in(owner), endpoint) == (0, 0)
    row.refresh_from_db()
    assert row.state == "claimed"


def test_too_many_at_once_are_refused_and_none_is_sent(
    endpoint: WebhookEndpoint, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(to_endpoints, "MOST_AT_ONCE", 2)
    for _ in range(3):
        sent(endpoint, created_at=ago(hours=2))
    answer = signed_in(owner).post(f"{MINE}{endpoint.pk}/replay/", {"since": "2020-01-01T00:00:00Z"})
    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        {"since": ["More than 2 messages. Choose a shorter time."]},
    )
    assert not Delivery.objects.filter(state="waiting").exists()


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_replay_at_once_send_each_once_more(endpoint: WebhookEndpoint) -> None:
    for _ in range(20):
        sent(endpoint, "dead")
    counts = in_threads(6, lambda _: to_endpoints.replay(endpoint=endpoint, since=ago(hours=1)))
    assert sum(counts) == 20


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "since"),
        ({"until": "2026-01-01T00:00:00Z"}, "since"),
        ({"since": "2026-01-01T00:00:00Z", "delivery": str(uuid7())}, "delivery"),
        ({"delivery": str(uuid7())}, "delivery"),
    ],
)
def test_a_replay_of_nothing_in_particular_is_refused(
    body: dict[str, str], field: str, endpoint: WebhookEndpoint, owner: User
) -> None:
    answer = signed_in(owner).post(f"{MINE}{endpoint.pk}/replay/", body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


def test_another_tenants_delivery_is_not_sent_again_through_mine(
    endpoint: WebhookEndpoint, theirs: WebhookEndpoint, owner: User
) -> None:
    other = sent(theirs)
    answer = signed_in(owner).post(f"{MINE}{endpoint.pk}/replay/", {"delivery": str(other.pk)})
    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        {"delivery": ["This webhook has no such delivery."]},
    )
    other.refresh_from_db()
    assert other.state == "sent"
