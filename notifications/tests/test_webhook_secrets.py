"""The secret of a webhook changes, and no receiver misses a message."""

import datetime

import pytest
import time_machine
from django.utils import timezone

from notifications import webhooks
from notifications.models import WebhookEndpoint
from notifications.tests.helpers import in_threads
from notifications.tests.webhook_receivers import (
    endpoint,
    is_signed_by,
    receiver,
    send,
)
from sms.tests.gateway import Gateway

__all__ = ["endpoint", "receiver"]
DAY = datetime.timedelta(days=1)


def test_while_the_secret_changes_both_sign_and_then_the_new_one_alone(
    receiver: Gateway, endpoint: WebhookEndpoint
) -> None:
    old = endpoint.secret
    new = webhooks.rotate(endpoint_id=endpoint.pk, overlap=DAY)
    assert new is not None
    send(endpoint)
    with time_machine.travel(timezone.now() + DAY):
        send(endpoint)
        during, after = receiver.calls
        assert not is_signed_by(after, old)
        assert is_signed_by(after, new)
    assert len(during.headers["webhook-signature"].split(" ")) == 2
    assert is_signed_by(during, old)
    assert is_signed_by(during, new)


def test_another_change_within_the_overlap_is_refused_and_throws_nothing_away(endpoint: WebhookEndpoint) -> None:
    old, new = endpoint.secret, webhooks.rotate(endpoint_id=endpoint.pk, overlap=DAY)
    with pytest.raises(webhooks.SecretStillChanging):
        webhooks.rotate(endpoint_id=endpoint.pk, overlap=DAY)
    endpoint.refresh_from_db()
    assert (endpoint.previous_secret, endpoint.secret) == (old, new)
    with time_machine.travel(timezone.now() + DAY):
        assert webhooks.rotate(endpoint_id=endpoint.pk, overlap=DAY)
    endpoint.refresh_from_db()
    assert endpoint.previous_secret == new


def test_a_secret_that_got_out_ends_at_once(receiver: Gateway, endpoint: WebhookEndpoint) -> None:
    old, known = endpoint.secret, webhooks.rotate(endpoint_id=endpoint.pk, overlap=DAY)
    new = webhooks.rotate(endpoint_id=endpoint.pk, overlap=datetime.timedelta())
    send(endpoint)
    assert [is_signed_by(receiver.calls[0], secret or "") for secret in (old, known, new)] == [False, False, True]


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_change_it_at_once_change_it_once(endpoint: WebhookEndpoint) -> None:
    old = endpoint.secret

    def rotate(_: int) -> str | None:
        try:
            return webhooks.rotate(endpoint_id=endpoint.pk, overlap=DAY)
        except webhooks.SecretStillChanging:
            return None

    given = [secret for secret in in_threads(8, rotate) if secret]
    endpoint.refresh_from_db()
    assert given == [endpoint.secret]
    assert endpoint.previous_secret == old
