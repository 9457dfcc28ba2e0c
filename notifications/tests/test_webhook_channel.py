"""Calls to webhooks, against a receiver on this machine that verifies them and answers as real ones do."""

import datetime
import time
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from standardwebhooks import WebhookVerificationError
from uuid_utils.compat import uuid7

from accounts.models import User
from notifications import webhooks
from notifications.channels.base import Refused, TryAgain
from notifications.channels.webhook import MOST_REFUSALS, Webhook
from notifications.models import WebhookEndpoint
from notifications.tests.webhook_receivers import (
    CONTENT,
    endpoint,
    is_signed_by,
    receiver,
    send,
    verified,
)
from sms.tests.gateway import Gateway, answer

__all__ = ["endpoint", "receiver"]
DAY = datetime.timedelta(days=1)


# --- What is sent -------------------------------------------------------------------------------------------------
def test_a_call_is_signed_json_with_the_stable_id_of_its_delivery(
    receiver: Gateway, endpoint: WebhookEndpoint
) -> None:
    key = uuid7()
    assert send(endpoint, id=key) == "HTTP 204"
    (call,) = receiver.calls
    assert (call.method, call.target) == ("POST", "/hook?token=tenants-own")
    data = {name: value for name, value in CONTENT.items() if name not in ("type", "created_at", "notification_id")}
    expected = {"type": "incident.opened", "timestamp": "2026-03-10T12:00:00.250Z", "data": data}
    assert verified(call, endpoint.secret) == expected
    assert call.headers["webhook-id"] == str(key)
    assert abs(int(call.headers["webhook-timestamp"]) - time.time()) < 60
    assert call.headers["Content-Type"] == "application/json"
    assert call.headers["User-Agent"].startswith("Bellwether-Webhooks/")


def test_a_repeat_has_the_same_id_and_body_and_a_signature_of_its_own_time(
    receiver: Gateway, endpoint: WebhookEndpoint
) -> None:
    key = uuid7()
    with time_machine.travel(timezone.now() - DAY):
        send(endpoint, id=key)
    send(endpoint, id=key, attempt=2)
    first, again = receiver.calls
    assert (first.headers["webhook-id"], first.body) == (again.headers["webhook-id"], again.body)
    assert first.headers["webhook-timestamp"] != again.headers["webhook-timestamp"]
    verified(again, endpoint.secret)
    with pytest.raises(WebhookVerificationError, match="too old"):
        verified(first, endpoint.secret)


def test_what_was_changed_on_the_way_does_not_verify(receiver: Gateway, endpoint: WebhookEndpoint) -> None:
    send(endpoint)
    (call,) = receiver.calls
    assert is_signed_by(call, endpoint.secret)
    call.body = call.body.replace(b"high", b"low")
    assert not is_signed_by(call, endpoint.secret)


def test_secrets_are_of_the_specifications_length_and_never_the_same(owner: User) -> None:
    made = {webhooks.create(tenant_id=None, owner=owner, url="https://a.test/").secret for _ in range(5)}
    assert len(made) == 5
    assert {secret[:6] for secret in made} == {"whsec_"}
    assert {len(secret) for secret in made} == {6 + 44}


# --- Answers ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_accepted(status: int, receiver: Gateway, endpoint: WebhookEndpoint) -> None:
    receiver.will(answer(status))
    assert send(endpoint) == f"HTTP {status}"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (301, "HTTP 301 Moved Permanently. Redirections are not followed: enter the address it leads to."),
        (302, "HTTP 302 Found. Redirections are not followed: enter the address it leads to."),
        (307, "HTTP 307 Temporary Redirect. Redirections are not followed: enter the address it leads to."),
        (400, "HTTP 400 Bad Request."),
        (401, "HTTP 401 Unauthorized. It asks for credentials: let it verify the signature instead."),
        (404, "HTTP 404 Not Found. There is nothing at this address."),
        (429, "HTTP 429 Too Many Requests."),
        (500, "HTTP 500 Internal Server Error."),
        (503, "HTTP 503 Service Unavailable."),
        (599, "HTTP 599."),
    ],
)
def test_what_is_tried_again(status: int, reason: str, receiver: Gateway, endpoint: WebhookEndpoint) -> None:
    receiver.will(answer(status, Location=f"{receiver.url}/elsewhere"))
    with pytest.raises(TryAgain) as refused:
        send(endpoint)
    assert (str(refused.value), refused.value.after) == (reason, None)
    assert len(receiver.calls) == 1, "no redirection was followed"
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.failing_since is None) == (1, False)


def test_a_refusal_is_asked_about_a_few_times_and_then_believed(receiver: Gateway, endpoint: WebhookEndpoint) -> None:
    receiver.will(answer(422))
    for attempt in range(1, MOST_REFUSALS):
        with pytest.raises(TryAgain):
            send(endpoint, attempt=attempt)
    with pytest.raises(Refused, match="422"):
        send(endpoint, attempt=MOST_REFUSALS)


@pytest.mark.parametrize("status", [302, 408, 429, 500])
def test_what_says_nothing_of_the_message_is_tried_to_the_end(
    status: int, receiver: Gateway, endpoint: WebhookEndpoint
) -> None:
    receiver.will(answer(status))
    with pytest.raises(TryAgain):
        send(endpoint, attempt=MOST_REFUSALS + 1)


def http_date(moment: datetime.datetime) -> str:
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        ("120", 120, 120),
        (lambda: http_date(timezone.now() + datetime.timedelta(minutes=5)), 290, 300),
        ("99999999999999999999", 3600, 3600),  # not for ever
        ("2", 5, 5),  # sooner than we would ask again anyway
        ("-5", None, None),
        ("soon", None, None),
        ("Mon, 99 Foo 2026", None, None),
        ("", None, None),
    ],
)
def test_retry_after_is_obeyed_within_bounds(
    status: int, said: Any, least: float | None, most: float | None, receiver: Gateway, endpoint: WebhookEndpoint
) -> None:
    receiver.will(answer(status, Retry_After=said() if callable(said) else said))
    with pytest.raises(TryAgain) as refused:
        send(endpoint)
    after = refused.value.after
    assert (after is None) if least is None else (least <= (after or DAY).total_seconds() <= (most or 0))


def test_who_asks_for_patience_is_not_called_for_other_messages_either(
    receiver: Gateway, endpoint: WebhookEndpoint
) -> None:
    receiver.will(answer(429, Retry_After="600"), answer(204))
    with pytest.raises(TryAgain):
        send(endpoint)
    with pytest.raises(TryAgain, match="rests") as resting:
        send(endpoint)
    assert 590 < (resting.value.after or DAY).total_seconds() <= 600
    assert len(receiver.calls) == 1
    test = CONTENT | {"type": "webhook.test"}
    with pytest.raises(TryAgain, match="rests"):
        send(endpoint, content=test, attempt=2)
    assert send(endpoint, content=test), "who asks for a test gets it"
    assert send(endpoint), "and what took the test takes the rest"


def test_short_rests_do_not_use_up_the_attempts(receiver: Gateway, endpoint: WebhookEndpoint) -> None:
    receiver.will(answer(503, Retry_After="1"))
    with pytest.raises(TryAgain) as refused:
        send(endpoint, attempt=6)
    assert refused.value.after == datetime.timedelta(seconds=Webhook.backoff[5])


def test_a_success_is_the_end_of_a_failure(receiver: Gateway, endpoint: WebhookEndpoint) -> None:
    receiver.will(answer(500), answer(204))
    with pytest.raises(TryAgain):
        send(endpoint)
    send(endpoint)
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.failing_since, endpoint.resting_until) == (0, None, None)
