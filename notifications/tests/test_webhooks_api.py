"""Webhooks through the API: whose they are, what is shown of them, a test, and what is sent again."""

import datetime
from collections.abc import Callable
from typing import Any
from uuid import UUID

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
from tenants import services as tenants
from tenants.models import Membership, Tenant

MINE, SYSTEM = "/api/notifications/webhooks/", "/api/notifications/system/webhooks/"
URL = "https://hooks.example.com/bellwether"
Made = Callable[..., WebhookEndpoint]


@pytest.fixture
def endpoint(owner: User, tenant: Tenant) -> WebhookEndpoint:
    return webhooks.create(tenant_id=tenant.pk, owner=owner, url=URL)


@pytest.fixture
def theirs(outsider: User, other_tenant: Tenant) -> WebhookEndpoint:
    return webhooks.create(tenant_id=other_tenant.pk, owner=outsider, url=URL)


@pytest.fixture
def platforms(admin: User) -> WebhookEndpoint:
    return webhooks.create(tenant_id=None, owner=admin, url=URL)


def sent(endpoint: WebhookEndpoint, state: str = "sent", **fields: Any) -> Delivery:
    """A delivery that ended so, with one attempt."""
    row = to_endpoints.ping(endpoint=endpoint)
    fields |= {"attempts": 3, "finished_at": timezone.now()} if state in ("sent", "dead") else {}
    Delivery.objects.filter(pk=row.pk).update(state=state, **fields)
    DeliveryAttempt.objects.create(delivery=row, number=3, outcome="accepted", seconds=0.25)
    row.refresh_from_db()
    return row


# --- Whose they are -----------------------------------------------------------------------------------------------


def test_the_secret_is_shown_when_it_is_made_and_never_again(owner: User) -> None:
    client = signed_in(owner)
    made = client.post(MINE, {"url": URL, "description": "Ours", "categories": ["system", "error", "system"]})
    assert made.status_code == 201
    body = made.json()
    row = WebhookEndpoint.objects.get(pk=body["webhook"]["id"])
    assert body["secret"] == row.secret
    assert (row.owner, row.tenant_id, row.categories) == (owner, owner.current_tenant_id, ["error", "system"])
    one = f"{MINE}{row.pk}/"
    changed = client.post(f"{one}rotate/", {"overlap_hours": 1}).json()
    row.refresh_from_db()
    assert changed["secret"] == row.secret
    assert changed["webhook"]["previous_secret_until"] is not None
    for answer in (client.get(MINE), client.get(one), client.patch(one, {"description": "x"}), client.put(one, {})):
        assert answer.status_code == 200
        for secret in (row.secret, row.previous_secret):
            assert secret.removeprefix("whsec_") not in answer.content.decode()


def test_each_sees_their_own_alone(
    endpoint: WebhookEndpoint, theirs: WebhookEndpoint, platforms: WebhookEndpoint, owner: User, admin: User
) -> None:
    def listed(user: User, path: str) -> list[UUID]:
        return [UUID(one["id"]) for one in signed_in(user).get(path).json()["webhooks"]]

    assert listed(owner, MINE) == [endpoint.pk]
    assert listed(admin, SYSTEM) == [platforms.pk]


@pytest.mark.parametrize(
    ("method", "rest"),
    [
        *(("get", ""), ("put", ""), ("patch", ""), ("delete", ""), ("post", "rotate/"), ("post", "test/")),
        *(("get", "deliveries/"), ("post", "replay/")),
    ],
)
def test_another_tenants_and_the_platforms_do_not_exist(
    method: str, rest: str, theirs: WebhookEndpoint, platforms: WebhookEndpoint, owner: User, admin: User
) -> None:
    before = list(WebhookEndpoint.objects.order_by("id").values())
    for user, path, one in (
        (owner, MINE, theirs),
        (owner, MINE, platforms),
        (admin, SYSTEM, theirs),  # the platform's admins have the Django admin for those
    ):
        answer = getattr(signed_in(user), method)(f"{path}{one.pk}/{rest}", {"url": "https://evil.example.com/"})
        assert answer.status_code == 404, (user.email, path)
    assert list(WebhookEndpoint.objects.order_by("id").values()) == before


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


def test_it_goes_with_the_tenant_that_i_work_in(owner: User, other_tenant: Tenant, endpoint: WebhookEndpoint) -> None:
    tenants.add_member(tenant=other_tenant, user=owner, role=Membership.Role.OWNER)
    tenants.switch_tenant(user=owner, tenant_id=other_tenant.pk)
    client = signed_in(owner)
    assert client.get(MINE).json()["webhooks"] == []
    assert client.get(f"{MINE}{endpoint.pk}/").status_code == 404


def test_a_tenant_may_have_so_many_and_no_more(
    owner: User, settings: Any, endpoint: WebhookEndpoint, theirs: WebhookEndpoint
) -> None:
    settings.WEBHOOK_ENDPOINTS_LIMIT = 2
    client = signed_in(owner)
    assert [client.post(MINE, {"url": URL}).status_code for _ in range(2)] == [201, 409]
    assert client.post(MINE, {"url": URL}).json()["code"] == "too_many_webhooks"


@pytest.mark.django_db(transaction=True)
def test_two_owners_at_once_do_not_make_more_than_are_allowed(owner: User, tenant: Tenant, settings: Any) -> None:
    settings.WEBHOOK_ENDPOINTS_LIMIT = 3

    def make(_: int) -> bool:
        try:
            return bool(webhooks.create(tenant_id=tenant.pk, owner=owner, url=URL))
        except webhooks.TooMany:
            return False

    assert sum(in_threads(8, make)) == 3
    assert WebhookEndpoint.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_change_different_fields_at_once_both_have_their_wish(endpoint: WebhookEndpoint) -> None:
    wishes: list[dict[str, Any]] = [
        {"description": "New"},
        {"categories": ["error"]},
        {"is_active": False},
        {"url": "https://b.test/"},
    ]
    in_threads(4, lambda number: webhooks.change(endpoint_id=endpoint.pk, changes=wishes[number]))
    endpoint.refresh_from_db()
    found = (endpoint.description, endpoint.categories, endpoint.is_active, endpoint.url)
    assert found == ("New", ["error"], False, "https://b.test/")


def test_a_wrong_address_changes_nothing_else_either(endpoint: WebhookEndpoint, owner: User) -> None:
    wish = {"url": "https://10.0.0.1/", "description": "New", "is_active": False}
    answer = signed_in(owner).patch(f"{MINE}{endpoint.pk}/", wish)
    assert (answer.status_code, answer.json()["errors"]) == (400, {"url": ["This is no public address."]})
    endpoint.refresh_from_db()
    assert (endpoint.description, endpoint.is_active) == ("", True)


def test_it_is_disabled_and_enabled_by_hand(endpoint: WebhookEndpoint, owner: User) -> None:
    client, path = signed_in(owner), f"{MINE}{endpoint.pk}/"
    off = client.patch(path, {"is_active": False}).json()["webhook"]
    assert (off["is_active"], off["disabled_reason"], off["disabled_at"] is None) == (False, "By hand.", False)
    for rest, body in (("test/", {}), ("replay/", {"since": "2026-01-01T00:00:00Z"})):
        answer = client.post(path + rest, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "webhook_disabled")
    on = client.patch(path, {"is_active": True}).json()["webhook"]
    assert (on["is_active"], on["disabled_reason"], on["disabled_at"]) == (True, "", None)


def test_a_change_of_the_secret_that_comes_too_soon_is_refused(endpoint: WebhookEndpoint, owner: User) -> None:
    client, path = signed_in(owner), f"{MINE}{endpoint.pk}/rotate/"
    first = client.post(path, {}, headers={"Idempotency-Key": "one"}).json()
    again = client.post(path, {}, headers={"Idempotency-Key": "one"}).json()
    assert again["secret"] == first["secret"], "whoever lost the reply has it again"
    answer = client.post(path, {})
    assert (answer.status_code, answer.json()["code"]) == (409, "secret_still_changing")
    assert client.post(path, {"overlap_hours": 0}).status_code == 200


def test_deleted_it_is_gone_with_what_it_was_sent(endpoint: WebhookEndpoint, owner: User) -> None:
    sent(endpoint)
    client = signed_in(owner)
    assert [client.delete(f"{MINE}{endpoint.pk}/").status_code for _ in range(2)] == [200, 404]
    assert not Delivery.objects.exists()


# --- What it was sent ---------------------------------------------------------------------------------------------


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
    times = {"before": ago(hours=4), "in": ago(hours=2), "after": ago(minutes=5)}
    rows = {(name, state): sent(endpoint, state, created_at=at) for name, at in times.items() for state in STATES}
    foreign = sent(theirs, "dead", created_at=times["in"])
    client = signed_in(owner)
    assert replay(client, endpoint, dry_run=True) == (0, 2)
    assert replay(client, endpoint, dry_run=True, only_failed=True) == (0, 1)
    assert Delivery.objects.filter(state="waiting").count() == 3, "a dry run sends nothing"
    assert replay(client, endpoint, only_failed=True) == (1, 0)
    assert replay(client, endpoint) == (1, 0), "what is on its way is left alone"
    assert replay(client, endpoint) == (0, 0)
    for (name, _), row in rows.items():
        row.refresh_from_db()
        assert name == "in" or row.state in ("sent", "dead", "waiting")
    in_range = {row.state for (name, _), row in rows.items() if name == "in"}
    outside = sorted(row.state for (name, _), row in rows.items() if name != "in")
    assert in_range == {"waiting"}
    assert outside == ["dead", "dead", "sent", "sent", "waiting", "waiting"]
    foreign.refresh_from_db()
    assert foreign.state == "dead"


STATES = ("sent", "dead", "waiting")


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


# --- Who is told of what ------------------------------------------------------------------------------------------


@pytest.fixture
def many(owner: User, tenant: Tenant, endpoint: WebhookEndpoint, theirs: WebhookEndpoint) -> dict[str, Any]:
    def made(**fields: Any) -> WebhookEndpoint:
        return webhooks.create(tenant_id=tenant.pk, owner=owner, url=URL, **fields)

    off = made()
    webhooks.disable(endpoint_id=off.pk)
    return {"all": endpoint, "some": made(categories=["sms_credit", "error"]), "others": made(categories=["info"])}


def test_an_event_is_told_to_the_active_endpoints_of_its_tenant_and_category_in_one_query(
    many: dict[str, Any], platforms: WebhookEndpoint, tenant: Tenant, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        found = webhooks.endpoints_for(tenant_id=tenant.pk, category="sms_credit")
    assert found == [many["all"], many["some"]]
    assert webhooks.endpoints_for(tenant_id=None, category="sms_credit") == [platforms]


def test_a_suspended_tenant_is_told_nothing(endpoint: WebhookEndpoint, tenant: Tenant) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(suspended_at=timezone.now())
    assert webhooks.endpoints_for(tenant_id=tenant.pk, category="error") == []
