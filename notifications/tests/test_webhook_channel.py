"""Calls to webhooks, against a receiver on this machine that verifies them and answers as real ones do."""

import contextlib
import datetime
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from standardwebhooks import WebhookVerificationError
from urllib3.response import HTTPResponse
from uuid_utils.compat import uuid7

from accounts.models import User
from notifications import webhooks
from notifications.channels.base import Refused, TryAgain, Uncertain
from notifications.channels.webhook import MOST_REFUSALS, Webhook
from notifications.models import Notification, WebhookEndpoint
from notifications.tests.helpers import in_threads
from notifications.tests.webhook_receivers import (
    CONTENT,
    drip_headers,
    endless,
    is_signed_by,
    receiver,
    send,
    verified,
)
from notifications.webhooks import calling, standing
from sms.tests.gateway import Gateway, answer, drip, drop, drop_unread, gibberish, half, hang, running
from tenants.models import Membership, Tenant

__all__ = ["receiver"]
DAY = datetime.timedelta(days=1)


@pytest.fixture
def endpoint(receiver: Gateway, owner: User, tenant: Tenant) -> WebhookEndpoint:
    return webhooks.create(tenant_id=tenant.pk, owner=owner, url=f"{receiver.url}/hook?token=tenants-own")


@pytest.fixture
def quick(settings: Any) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 0.5


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


# --- The secret changes -------------------------------------------------------------------------------------------


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
    assert send(endpoint, content=CONTENT | {"type": "webhook.test"}), "who asks for a test gets it"
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


# --- No answer ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [hang(5), drip_headers],
    ids=["never", "in headers that never end"],
)
def test_one_that_does_not_answer_in_time_may_have_it_and_rests(
    reply: Any, receiver: Gateway, endpoint: WebhookEndpoint, quick: None
) -> None:
    receiver.will(reply)
    began = time.monotonic()
    with pytest.raises(Uncertain, match=r"^It did not answer within 0\.5 seconds\.$"):
        send(endpoint)
    assert time.monotonic() - began < 4, "and not when the receiver is through with it"
    with pytest.raises(TryAgain, match="rests"):
        send(endpoint)
    assert len(receiver.calls) == 1


@pytest.mark.parametrize("reply", [drop, drop_unread, gibberish])
def test_one_that_breaks_off_may_have_it(reply: Any, receiver: Gateway, endpoint: WebhookEndpoint) -> None:
    receiver.will(reply)
    with pytest.raises(Uncertain, match=r"^It broke the connection off"):
        send(endpoint)


@pytest.mark.parametrize("reply", [endless, half, drip(200, bytes_a_second=5)], ids=["endless", "half", "dripping"])
def test_once_the_status_was_said_the_rest_does_not_matter(
    reply: Any, receiver: Gateway, endpoint: WebhookEndpoint, quick: None
) -> None:
    receiver.will(reply)
    began = time.monotonic()
    assert send(endpoint).startswith("HTTP 20")
    assert time.monotonic() - began < 4


def test_of_an_endless_answer_only_the_beginning_is_read(
    receiver: Gateway, endpoint: WebhookEndpoint, monkeypatch: Any
) -> None:
    read: list[int] = []
    really = HTTPResponse.read1

    def counted(self: Any, *args: Any, **options: Any) -> bytes:
        piece = really(self, *args, **options)
        read.append(len(piece))
        return piece

    monkeypatch.setattr(HTTPResponse, "read1", counted)
    receiver.will(endless)
    send(endpoint)
    assert calling.LARGEST_ANSWER <= sum(read) < 2 * calling.LARGEST_ANSWER


def test_one_that_nobody_listens_at_was_not_called(endpoint: WebhookEndpoint) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        webhooks.change(endpoint_id=endpoint.pk, changes={"url": f"http://127.0.0.1:{probe.getsockname()[1]}/"})
        with pytest.raises(TryAgain, match=r"^It cannot be connected to\.$"):
            send(endpoint)


def test_no_thread_and_no_socket_is_left_behind(receiver: Gateway, endpoint: WebhookEndpoint, quick: None) -> None:
    receiver.will(answer(204))
    send(endpoint)  # what is made once is made
    files, threads = len(list(Path("/proc/self/fd").iterdir())), threading.active_count()
    receiver.will(answer(204), answer(500), drop, endless)
    for _ in range(12):
        with contextlib.suppress(TryAgain, Uncertain):
            send(endpoint)
        webhooks.wake(endpoint_id=endpoint.pk)
    deadline = time.monotonic() + 10
    while (len(list(Path("/proc/self/fd").iterdir())), threading.active_count()) > (files, threads):
        assert time.monotonic() < deadline
        time.sleep(0.05)


# --- Disabled -----------------------------------------------------------------------------------------------------


def test_410_disables_it_at_once_and_its_owner_is_told(
    receiver: Gateway, endpoint: WebhookEndpoint, owner: User
) -> None:
    receiver.will(answer(410))
    with pytest.raises(Refused, match="410 Gone"):
        send(endpoint)
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.disabled_reason) == (False, "It answered 410 Gone.")
    (row,) = Notification.objects.filter(recipient=owner)
    assert (row.kind, row.priority, row.tenant_id) == ("webhook_disabled", "high", endpoint.tenant_id)
    assert "tenants-own" not in row.title + row.message + json.dumps(row.data)
    with pytest.raises(Refused, match="disabled"):
        send(endpoint)
    assert len(receiver.calls) == 1


def fail(endpoint: WebhookEndpoint, times: int) -> None:
    for _ in range(times):
        endpoint.refresh_from_db()
        with pytest.raises((TryAgain, Refused)):
            send(endpoint)


def test_it_is_disabled_when_both_many_calls_and_a_long_time_went_by_without_one_success(
    receiver: Gateway, endpoint: WebhookEndpoint, owner: User, settings: Any
) -> None:
    settings.WEBHOOK_DISABLE_FAILURES, settings.WEBHOOK_DISABLE_AFTER = 4, DAY
    receiver.will(answer(500))
    fail(endpoint, 6)  # many at once are one bad moment
    endpoint.refresh_from_db()
    assert endpoint.is_active
    with time_machine.travel(timezone.now() + DAY):
        fail(endpoint, 1)
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.failures) == (False, 7)
    (row,) = Notification.objects.filter(recipient=owner)
    assert row.message.startswith("HTTP 500 Internal Server Error. 7 calls in a row failed.")


def test_few_failures_over_a_long_time_do_not_disable_it(
    receiver: Gateway, endpoint: WebhookEndpoint, settings: Any
) -> None:
    settings.WEBHOOK_DISABLE_FAILURES, settings.WEBHOOK_DISABLE_AFTER = 4, DAY
    receiver.will(answer(500))
    fail(endpoint, 2)
    with time_machine.travel(timezone.now() + 10 * DAY):
        fail(endpoint, 1)
    endpoint.refresh_from_db()
    assert endpoint.is_active


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_disable_it_once_and_tell_once(
    receiver: Gateway, endpoint: WebhookEndpoint, owner: User, settings: Any
) -> None:
    settings.WEBHOOK_DISABLE_FAILURES, settings.WEBHOOK_DISABLE_AFTER = 1, datetime.timedelta()

    def fail_once(_: int) -> None:
        mine = WebhookEndpoint.objects.get(pk=endpoint.pk)
        standing.failed(endpoint=mine, reason="HTTP 500 Internal Server Error.")
        standing.gone(endpoint=mine)

    in_threads(8, fail_once)
    assert Notification.objects.filter(recipient=owner, kind="webhook_disabled").count() == 1


def test_each_time_it_is_disabled_its_owner_is_told_again(
    receiver: Gateway, endpoint: WebhookEndpoint, owner: User
) -> None:
    receiver.will(answer(410))
    for times in (1, 2):
        webhooks.enable(endpoint_id=endpoint.pk)
        with pytest.raises(Refused):
            send(endpoint)
        assert Notification.objects.filter(recipient=owner).count() == times


def test_enabled_again_it_begins_anew(receiver: Gateway, endpoint: WebhookEndpoint) -> None:
    receiver.will(answer(410), answer(204))
    with pytest.raises(Refused):
        send(endpoint)
    assert webhooks.enable(endpoint_id=endpoint.pk)
    assert not webhooks.enable(endpoint_id=endpoint.pk), "it is already"
    send(endpoint)
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.disabled_at, endpoint.disabled_reason) == (True, None, "")


def test_a_late_answer_of_the_old_address_says_nothing_of_the_new_one(endpoint: WebhookEndpoint) -> None:
    before = WebhookEndpoint.objects.get(pk=endpoint.pk)
    webhooks.change(endpoint_id=endpoint.pk, changes={"url": "https://new.example.com/"})
    standing.gone(endpoint=before)
    standing.failed(endpoint=before, reason="HTTP 500", rest=DAY)
    endpoint.refresh_from_db()
    assert (endpoint.is_active, endpoint.failures, endpoint.resting_until) == (True, 0, None)


Responsible = Callable[[WebhookEndpoint], set[str]]


@pytest.fixture
def told_of(db: None) -> Responsible:
    def told(endpoint: WebhookEndpoint) -> set[str]:
        standing.gone(endpoint=endpoint)
        found = Notification.objects.filter(kind="webhook_disabled", data__webhook=str(endpoint.pk))
        return set(found.values_list("recipient__email", flat=True))

    return told


def test_who_left_the_tenant_is_not_told_but_those_who_can_mend_it(
    endpoint: WebhookEndpoint, owner: User, member: User, outsider: User, told_of: Responsible
) -> None:
    Membership.objects.filter(user=owner).delete()
    Membership.objects.filter(user=member).update(role=Membership.Role.ADMIN)
    assert told_of(endpoint) == {member.email}


def test_of_the_platforms_its_maker_is_told_and_else_all_admins(
    admin: User, staff: User, owner: User, told_of: Responsible
) -> None:
    mine, theirs = (webhooks.create(tenant_id=None, owner=one, url="https://a.test/") for one in (staff, owner))
    assert told_of(mine) == {staff.email}
    assert told_of(theirs) == {admin.email, staff.email}, "its maker is no admin any more"


# --- TLS ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that only those believe who have it."""
    openssl = shutil.which("openssl") or pytest.skip("NOT RUN: certificates, because there is no openssl.")
    folder = tmp_path_factory.mktemp("certificates")
    made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=receiver", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run([openssl, *made, *names, *files], check=True, capture_output=True)
    return folder


def test_over_https_the_certificate_is_looked_at(
    certificates: Path, receiver: Gateway, endpoint: WebhookEndpoint, settings: Any
) -> None:
    certificate = str(certificates / "certificate.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, str(certificates / "key.pem"))
    with running(tls=context) as secure:
        secure.will(answer(204))
        webhooks.change(endpoint_id=endpoint.pk, changes={"url": secure.url})
        with pytest.raises(TryAgain, match="certificate"):
            send(endpoint)
        assert secure.calls == []
        webhooks.wake(endpoint_id=endpoint.pk)
        settings.WEBHOOK_CA_BUNDLE = certificate
        assert send(endpoint) == "HTTP 204"
        assert is_signed_by(secure.calls[0], endpoint.secret)
        # The same machine under a name that the certificate does not have.
        webhooks.change(endpoint_id=endpoint.pk, changes={"url": secure.url.replace("127.0.0.1", "127.1")})
        with pytest.raises(TryAgain, match="certificate"):
            send(endpoint)


def test_a_receiver_that_does_not_speak_tls_is_not_waited_for_and_was_not_told(
    receiver: Gateway, endpoint: WebhookEndpoint, quick: None
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:  # takes connections and says nothing
        webhooks.change(endpoint_id=endpoint.pk, changes={"url": f"https://127.0.0.1:{mute.getsockname()[1]}/"})
        began = time.monotonic()
        with pytest.raises(TryAgain):
            send(endpoint)
        assert time.monotonic() - began < 4
