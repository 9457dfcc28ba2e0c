"""Gateways that speak JSON or forms: Beem Africa and Africa's Talking against payloads of their documentation (the
pages are named in sms/providers/http/), and one that is described field by field."""

import base64
import datetime
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient
from uuid_utils.compat import uuid7

from sms import providers
from sms.models import Message, Receipt, Status
from sms.providers import UnknownProvider, get_provider
from sms.providers.base import (
    BadReceipt,
    CannotAsk,
    Outbound,
    Permanent,
    ProviderError,
    RateLimited,
    Temporary,
    Webhook,
)
from sms.providers.http import PROFILES, HttpGateway
from sms.providers.http.africas_talking import AFRICAS_TALKING
from sms.providers.http.beem import BEEM
from sms.providers.http.profile import fill, find
from sms.tests import gateway as gateways
from sms.tests.gateway import Gateway, answer
from sms.tests.helpers import Carrier, make_message
from tenants.models import Tenant

SECRET = "a secret in the address"
REFERENCE = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with gateways.running() as running:
        yield running


def outbound(**fields: Any) -> Outbound:
    plain = {"reference": uuid7(), "recipient": "+255754123456", "sender_id": "ACACIA", "text": "Habari"}
    return Outbound(**plain | fields)


def set_up(settings: Settings, **given: Any) -> HttpGateway:
    settings.SMS_HTTP_GATEWAYS = {"line": given}
    provider = get_provider("line")
    assert isinstance(provider, HttpGateway)
    return provider


@pytest.fixture
def beem(settings: Settings, gateway: Gateway) -> HttpGateway:
    return set_up(
        settings,
        profile="beem",
        api_key="key",
        secret_key="secret",
        send_url=f"{gateway.url}/v1/send",
        check_url=f"{gateway.url}/public/v1/vendors/balance",
        report_url=f"{gateway.url}/public/v1/delivery-reports?dest_addr={{digits}}&request_id={{id}}",
    )


@pytest.fixture
def africas_talking(settings: Settings, gateway: Gateway) -> HttpGateway:
    return set_up(
        settings,
        profile="africas_talking",
        username="sandbox",
        api_key="key",
        receipt_secret=SECRET,
        send_url=f"{gateway.url}/version1/messaging",
        check_url=f"{gateway.url}/version1/user?username={{username}}",
    )


def refused(provider: HttpGateway) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        provider.submit(outbound())
    return raised.value


# --- Beem Africa -------------------------------------------------------------------------------------------------

BEEM_TAKEN = {
    "successful": True,
    "request_id": 35918915,
    "code": 100,
    "message": "Message Submitted Successfully",
    "valid": 1,
    "invalid": 0,
    "duplicates": 0,
}


@pytest.mark.parametrize(("text", "encoding"), [("Habari {digits}", 0), ("Habari 😀", 8)])
def test_beem_gets_json_with_the_number_in_digits(
    beem: HttpGateway, gateway: Gateway, text: str, encoding: int
) -> None:
    gateway.will(answer(200, BEEM_TAKEN))
    assert beem.submit(outbound(text=text)) == "35918915"
    [call] = gateway.calls
    assert (call.method, call.target, call.headers["Content-Type"]) == ("POST", "/v1/send", "application/json")
    assert base64.b64decode(call.headers["Authorization"].removeprefix("Basic ")) == b"key:secret"
    assert call.json == {
        "source_addr": "ACACIA",
        "schedule_time": "",
        "encoding": encoding,
        "message": text,
        "recipients": [{"recipient_id": 1, "dest_addr": "255754123456"}],
    }


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("code", sorted(BEEM.refusals))
def test_beems_codes_say_whether_it_is_worth_trying_again(
    beem: HttpGateway, gateway: Gateway, code: str, status: int
) -> None:
    gateway.will(answer(status, {"code": int(code), "message": "..."}))
    failed = refused(beem)
    assert (type(failed), failed.reason, failed.code) == (*BEEM.refusals[code], code)


def test_beem_is_reachable_when_it_tells_the_balance(beem: HttpGateway, gateway: Gateway) -> None:
    gateway.will(answer(200, {"data": {"credit_balance": 5000}}))
    beem.check_reachable()
    assert gateway.calls[0].target == "/public/v1/vendors/balance"


def test_beem_cannot_be_asked_about_a_message_whose_id_we_never_saw(beem: HttpGateway) -> None:
    with pytest.raises(CannotAsk):
        beem.lookup(outbound(), since=timezone.now())


@pytest.mark.parametrize(("word", "status"), list(BEEM.receipts.statuses.items()))
def test_beem_is_asked_for_its_reports(beem: HttpGateway, gateway: Gateway, word: str, status: Status) -> None:
    theirs = {"dest_addr": "255754000000", "request_id": 1, "status": "UNDELIVERED"}
    gateway.will(answer(200, [theirs, {"dest_addr": "255754123456", "request_id": "35918915", "status": word}]))
    [report] = beem.report(outbound(), "35918915")
    assert (report.provider_message_id, report.status) == ("35918915", status)
    assert report.reason == ("unknown_error" if status is Status.UNDELIVERED else "")
    assert gateway.calls[0].query == {"dest_addr": "255754123456", "request_id": "35918915"}


@pytest.mark.parametrize("body", [[], {}, None, [5], {"error": "No report yet"}])
def test_a_report_that_says_nothing_of_the_message_is_none(beem: HttpGateway, gateway: Gateway, body: Any) -> None:
    gateway.will(answer(200, body))
    assert beem.report(outbound(), "35918915") == []


def test_a_report_that_is_not_to_be_had_is_asked_for_again(beem: HttpGateway, gateway: Gateway) -> None:
    for reply in (answer(500), answer(404), answer(200, {"request_id": "35918915", "status": "?"}), gateways.drop):
        gateway.will(reply)
        with pytest.raises(Temporary):
            beem.report(outbound(), "35918915")
    gateway.will(answer(429, Retry_After="9"))
    with pytest.raises(RateLimited) as slow:
        beem.report(outbound(), "35918915")
    assert slow.value.wait == 9


# --- Africa's Talking --------------------------------------------------------------------------------------------


def at_said(code: int, status: str, name: str = "ATXid_03cb5ecf11ce748794c0f9a85c276259") -> dict[str, Any]:
    recipient = {"statusCode": code, "number": "+255754123456", "cost": "KES 0.8000", "status": status}
    return {
        "SMSMessageData": {
            "Message": "Sent to 1/1 Total Cost: KES 0.8000",
            "Recipients": [recipient | {"messageId": name}],
        }
    }


@pytest.mark.parametrize(("code", "status"), [(100, "Processed"), (101, "Success"), (102, "Queued")])
def test_africas_talking_gets_a_form(africas_talking: HttpGateway, gateway: Gateway, code: int, status: str) -> None:
    gateway.will(answer(201, at_said(code, status)))
    assert africas_talking.submit(outbound(text="Habari & 100% + 😀")) == "ATXid_03cb5ecf11ce748794c0f9a85c276259"
    [call] = gateway.calls
    assert (call.method, call.target, call.headers["apiKey"]) == ("POST", "/version1/messaging", "key")
    assert call.form == {
        "username": "sandbox",
        "to": "+255754123456",
        "from": "ACACIA",
        "message": "Habari & 100% + 😀",
        "bulkSMSMode": "1",
        "enqueue": "1",
    }


@pytest.mark.parametrize("code", sorted(code for code in AFRICAS_TALKING.refusals if code.isdigit()))
def test_africas_talkings_codes_say_whether_it_is_worth_trying_again(
    africas_talking: HttpGateway, gateway: Gateway, code: str
) -> None:
    gateway.will(answer(201, at_said(int(code), "...", "None")))
    failed = refused(africas_talking)
    assert (type(failed), failed.reason, failed.code) == (*AFRICAS_TALKING.refusals[code], code)


def test_a_sender_id_that_it_does_not_know_is_refused_for_all_recipients(
    africas_talking: HttpGateway, gateway: Gateway
) -> None:
    gateway.will(answer(201, {"SMSMessageData": {"Message": "InvalidSenderId", "Recipients": []}}))
    failed = refused(africas_talking)
    assert (type(failed), failed.reason, failed.code) == (Permanent, "sender_id_refused", "InvalidSenderId")


def test_a_rejection_for_the_time_of_day_comes_as_a_conflict(africas_talking: HttpGateway, gateway: Gateway) -> None:
    gateway.will(answer(409, at_said(409, "DoNotDisturbRejection", "None")))
    failed = refused(africas_talking)
    assert (type(failed), failed.reason) == (Permanent, "opted_out")


def test_wrong_credentials_are_about_us_and_not_about_the_message(
    africas_talking: HttpGateway, gateway: Gateway
) -> None:
    gateway.will(answer(401, b"The supplied authentication is invalid"))
    failed = refused(africas_talking)
    assert (type(failed), failed.reason) == (Temporary, "gateway_credentials_refused")


def test_a_message_without_an_id_may_have_been_taken(africas_talking: HttpGateway, gateway: Gateway) -> None:
    gateway.will(answer(201, at_said(101, "Success", "None")))
    assert refused(africas_talking).reason == "gateway_answered_garbage"


def at_receipt(**changes: str) -> dict[str, str]:
    plain = {
        "id": "ATXid_1",
        "status": "Success",
        "phoneNumber": "+255754123456",
        "networkCode": "64004",
        "retryCount": "0",
    }
    return plain | changes


def at_call(fields: dict[str, str], token: str = SECRET) -> Webhook:
    query = urlencode({"token": token})
    return Webhook(f"/api/sms/receipts/line/?{query}", {}, urlencode(fields).encode())


@pytest.mark.parametrize(("word", "status"), list(AFRICAS_TALKING.receipts.statuses.items()))
def test_africas_talkings_words_become_ours(africas_talking: HttpGateway, word: str, status: Status) -> None:
    [receipt] = africas_talking.read_receipts(at_call(at_receipt(status=word.capitalize())))
    assert (receipt.provider_message_id, receipt.status, receipt.reference) == ("ATXid_1", status, None)


@pytest.mark.parametrize(
    ("status", "given", "reason"),
    [
        ("Success", "", ""),
        ("Failed", "", "unknown_error"),
        ("Failed", "DeliveryFailure", "unknown_error"),
        ("Failed", "UserDoesNotExist", "unknown_subscriber"),
        ("Failed", "UserIsInactive", "subscriber_inactive"),
        ("Failed", "Something new", "unknown_error"),
        ("Rejected", "UserInBlackList", "opted_out"),
        ("Rejected", "NotNetworkSubcriber", "no_route"),
        ("Rejected", "", "blocked_by_operator"),
        ("AbsentSubscriber", "", "absent_subscriber"),
        ("Expired", "", "filtered"),
    ],
)
def test_africas_talkings_reasons_become_ours(
    africas_talking: HttpGateway, status: str, given: str, reason: str
) -> None:
    fields = at_receipt(status=status) | ({"failureReason": given} if given else {})
    [receipt] = africas_talking.read_receipts(at_call(fields))
    assert (receipt.reason, receipt.error_code, receipt.raw) == (reason, given, fields)


# --- One that is described field by field ------------------------------------------------------------------------


def custom(settings: Settings, url: str, **given: Any) -> HttpGateway:
    plain = {"profile": "custom", "api_key": "key", "receipt_secret": SECRET, "send_url": f"{url}/send"}
    return set_up(settings, **plain | given)


def test_a_custom_gateway_gets_the_fields_that_it_is_described_with(settings: Settings, gateway: Gateway) -> None:
    settings.PUBLIC_URL = "https://sms.example.com"
    provider = custom(
        settings,
        gateway.url,
        encoding="form",
        headers={"X-Key": "{api_key}", "X-Kind": "plain"},
        fields={
            "dest": "{digits}",
            "msg": "{text}",
            "ref": "bw-{reference}",
            "cb": "{receipt_url}",
            "region": "{region}",
        },
        region="TZ",
        id_at="result.0.uid",
        codes_at=["result.0.code"],
        taken=["OK"],
        refusals={"BAD": ["permanent", "invalid_number"], "BUSY": ["throttled", "throttled"]},
        receipts={"signature_header": ""},
    )
    gateway.will(answer(200, {"result": [{"uid": 7, "code": "OK"}]}))
    message = outbound(text="{api_key} and {reference}")
    assert provider.submit(message) == "7"
    [call] = gateway.calls
    assert (call.headers["X-Key"], call.headers["X-Kind"]) == ("key", "plain")
    assert call.form == {
        "dest": "255754123456",
        "msg": "{api_key} and {reference}",
        "ref": f"bw-{message.reference}",
        "cb": f"https://sms.example.com/api/sms/receipts/line/?reference={message.reference}"
        "&token=a%20secret%20in%20the%20address",
        "region": "TZ",
    }
    gateway.will(answer(200, {"result": [{"code": "BAD"}]}))
    assert (type(refused(provider)), refused(provider).reason) == (Permanent, "invalid_number")
    gateway.will(answer(200, {"result": [{"code": "BUSY"}]}))
    assert type(refused(provider)) is RateLimited


def test_a_custom_gateway_that_can_be_asked_says_clearly_that_it_never_had_it(
    settings: Settings, gateway: Gateway
) -> None:
    provider = custom(settings, gateway.url, lookup_url=f"{gateway.url}/messages/{{reference}}")
    message = outbound()
    gateway.will(answer(200, {"id": "m-9"}), answer(404, {"detail": "Not found"}), answer(200, {}), answer(500))
    since = timezone.now() - datetime.timedelta(minutes=5)
    assert provider.lookup(message, since=since) == "m-9"
    assert gateway.calls[0].target == f"/messages/{message.reference}"
    assert provider.lookup(message, since=since) is None
    for _ in range(2):
        with pytest.raises(Temporary):
            provider.lookup(message, since=since)


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"X-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def test_a_custom_gateway_may_report_several_and_echo_our_reference(settings: Settings, gateway: Gateway) -> None:
    provider = custom(settings, gateway.url, receipts={"list_at": "events", "statuses": {"ok": "delivered"}})
    body = json.dumps(
        {"events": [{"id": "1", "status": "OK", "reference": str(REFERENCE)}, {"id": 2, "status": "ok"}]}
    ).encode()
    # Its signature is over the body, so what the address says of a reference is not believed.
    call = Webhook(f"/api/sms/receipts/line/?reference={uuid7()}", signed(body), body)
    first, second = provider.read_receipts(call)
    assert (first.provider_message_id, first.status, first.reference) == ("1", Status.DELIVERED, REFERENCE)
    assert (second.provider_message_id, second.reference) == ("2", None)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"5", b"[]", b"{}", b'{"id": "1"}', b'{"id": "1", "status": []}', b"[" * 99_999]
)
def test_a_signed_body_that_is_no_receipt_is_none(settings: Settings, gateway: Gateway, body: bytes) -> None:
    with pytest.raises(BadReceipt):
        custom(settings, gateway.url).read_receipts(Webhook("/", signed(body), body))


# --- Calls that are not the gateway's ----------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.usefixtures("platform")
class TestOverHttp:
    @pytest.fixture(autouse=True)
    def message(self, tenant: Tenant, other_tenant: Tenant) -> Message:
        fields = {"provider": "line", "status": Status.SUBMITTED, "batch_id": None}
        make_message(other_tenant, provider_message_id="theirs", **fields)
        return make_message(tenant, provider_message_id="ATXid_1", **fields)

    @staticmethod
    def post(client: APIClient, query: str, fields: dict[str, str] | None = None, **headers: str) -> Any:
        body = urlencode(fields or at_receipt())
        form = "application/x-www-form-urlencoded"
        return client.post(f"/api/sms/receipts/line/{query}", body, content_type=form, headers=headers)

    def test_a_receipt_with_the_secret_in_its_address_is_applied(
        self, anonymous: APIClient, africas_talking: HttpGateway, message: Message
    ) -> None:
        response = self.post(anonymous, "?" + urlencode({"token": SECRET}))
        assert response.json() == {"success": True, "received": 1, "new": 1}
        message.refresh_from_db()
        assert message.status == "delivered"

    @pytest.mark.parametrize(
        "query",
        [
            "",
            "?token=",
            "?token=x",
            "?token=" + SECRET.upper().replace(" ", "+"),
            "?token=a+secret+in+the+addres",
            "?token=a+secret+in+the+address+",
            "?token=a+secret+in+the+address%00",
            "?token=a+secret+in+the+addre%EF%BC%B3s",
            "?token=%F0%9F%98%80",
            "?token=%ED%A0%80",
            "?TOKEN=a+secret+in+the+address",
            "?token=x&token=a+secret+in+the+address",
            "?" + "&".join(f"a{n}=1" for n in range(300)) + "&token=a+secret+in+the+address",
        ],
    )
    def test_without_the_secret_it_is_403_and_stored_nowhere(
        self, anonymous: APIClient, africas_talking: HttpGateway, query: str
    ) -> None:
        response = self.post(anonymous, query)
        assert (response.status_code, response.json()["code"]) == (403, "bad_signature")
        assert Receipt.objects.count() == 0
        assert set(Message.objects.values_list("status", flat=True)) == {"submitted"}

    def test_the_secret_in_a_header_or_in_the_body_is_not_looked_at(
        self, anonymous: APIClient, africas_talking: HttpGateway
    ) -> None:
        response = self.post(anonymous, "", at_receipt(token=SECRET), token=SECRET, authorization=f"Bearer {SECRET}")
        assert response.status_code == 403

    def test_an_instance_without_a_secret_takes_no_receipts(self, anonymous: APIClient, beem: HttpGateway) -> None:
        for query in ("", "?token=", "?token=None"):
            assert self.post(anonymous, query).status_code == 403

    @pytest.mark.parametrize("secret", ["", "another"])
    def test_a_body_that_was_signed_otherwise_is_403(
        self, anonymous: APIClient, settings: Settings, gateway: Gateway, secret: str
    ) -> None:
        custom(settings, gateway.url)
        body = json.dumps({"id": "ATXid_1", "status": "delivered"}).encode()
        swapped = json.dumps({"id": "theirs", "status": "delivered"}).encode()
        for sent, headers in (
            (body, signed(body, secret)),
            (swapped, signed(body)),
            (body, {}),
            (body, {"X-Signature": ""}),
        ):
            url = "/api/sms/receipts/line/?" + urlencode({"token": SECRET})
            response = anonymous.post(url, sent, content_type="application/json", headers=headers)
            assert (response.status_code, response.json()["code"]) == (403, "bad_signature")
        assert Receipt.objects.count() == 0

    def test_a_body_signed_for_one_instance_says_nothing_to_another(
        self, anonymous: APIClient, settings: Settings, gateway: Gateway
    ) -> None:
        one = {"profile": "custom", "api_key": "k", "send_url": gateway.url, "receipt_secret": "one"}
        settings.SMS_HTTP_GATEWAYS = {"one": one, "line": one | {"receipt_secret": "two"}}
        body = json.dumps({"id": "ATXid_1", "status": "delivered"}).encode()
        response = anonymous.post(
            "/api/sms/receipts/line/", body, content_type="application/json", headers=signed(body, "one")
        )
        assert response.status_code == 403


# --- Finding them ------------------------------------------------------------------------------------------------


def test_each_instance_is_a_provider_of_its_own(settings: Settings) -> None:
    settings.SMS_HTTP_GATEWAYS = {
        "beem": {"profile": "beem", "api_key": "k", "secret_key": "s"},
        "at-ke": {"profile": "africas_talking", "username": "u", "api_key": "k", "deadline_hours": 48},
    }
    settings.SMS_RATES = {"at-ke": 10.0}
    one, other = get_provider("beem"), get_provider("at-ke")
    assert (one.slug, one.title, one.rate) == ("beem", "Beem Africa", None)
    assert (other.slug, other.title, other.rate) == ("at-ke", "Africa's Talking", 10.0)
    assert other.delivery_deadline == datetime.timedelta(hours=48)
    assert one.statuses == BEEM.receipts.statuses
    with pytest.raises(UnknownProvider):
        get_provider("africas_talking")


def test_those_in_the_code_come_first_and_may_be_put_in_their_place(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SMS_HTTP_GATEWAYS = {"twilio": {"profile": "beem"}, "line": {"profile": "beem"}}
    assert get_provider("twilio").title == "Twilio"
    monkeypatch.setattr(providers, "PROVIDERS", (Carrier,))
    assert get_provider("carrier").title == "Carrier"
    assert get_provider("line").title == "Beem Africa"


@pytest.mark.parametrize("name", PROFILES)
def test_a_missing_credential_is_about_us_and_calls_nobody(settings: Settings, gateway: Gateway, name: str) -> None:
    provider = set_up(settings, profile=name, send_url=gateway.url, check_url=gateway.url)
    failed = refused(provider)
    assert (type(failed), failed.reason) == (Temporary, "gateway_misconfigured")
    with pytest.raises(Temporary):
        provider.check_reachable()
    assert gateway.calls == []


@pytest.mark.parametrize(
    "given",
    [
        [],
        "beem",
        {"line": []},
        {"line": {}},
        {"line": {"profile": "unheard-of"}},
        {"line": {"profile": "custom", "api_key": "k"}},
        {"Line!": {"profile": "beem"}},
        {"a" * 31: {"profile": "beem"}},
        {"line": {"profile": "beem", "api_key": 5}},
        {"line": {"profile": "beem", "receipt_secret": None}},
        {"line": {"profile": "beem", "receipts": []}},
        {"line": {"profile": "beem", "receipts": {"shape": "x"}}},
        {"line": {"profile": "beem", "receipts": {"statuses": {"OK": "arrived"}}}},
        {"line": {"profile": "beem", "receipts": {"reasons": {"X": "phase_of_the_moon"}}}},
        {"line": {"profile": "beem", "refusals": {"1": ["fatal", "no_route"]}}},
        {"line": {"profile": "beem", "refusals": {"1": ["permanent", "phase_of_the_moon"]}}},
        {"line": {"profile": "beem", "refusals": ["1"]}},
    ],
)
def test_a_mistake_in_the_configuration_is_found_when_the_house_is_started(settings: Settings, given: Any) -> None:
    settings.SMS_HTTP_GATEWAYS = given
    assert [error.id for error in run_checks() if error.id == "sms.E001"] == ["sms.E001"]
    with pytest.raises(ImproperlyConfigured, match="SMS_HTTP_GATEWAYS"):
        get_provider("line")


# --- Templates ---------------------------------------------------------------------------------------------------


def test_what_is_put_into_a_template_is_never_a_template_itself() -> None:
    values = {"text": "{secret} {0.__class__}", "secret": "s", "number": 0}
    template = {"a": ["{text}", "say: {text}", "{number}", 8], "b": {"c": "{number}-{secret}"}}
    assert fill(template, values) == {
        "a": ["{secret} {0.__class__}", "say: {secret} {0.__class__}", 0, 8],
        "b": {"c": "0-s"},
    }
    with pytest.raises(KeyError):
        fill("{missing}", values)


def test_a_path_leads_to_what_is_there_and_else_to_nothing() -> None:
    data = {"a": [{"b": 5}], "n": None}
    assert find(data, "a.0.b") == 5
    assert find(data, "") == data
    for path in ("a.1.b", "a.b", "x", "n.x", "a.0.b.c", "a.-1"):
        assert find(data, path) is None
