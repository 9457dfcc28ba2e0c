"""Gateways that are described field by field, what is posted for any of them, and where they are found."""

import datetime
import hashlib
import hmac
import json
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
    Permanent,
    RateLimited,
    Temporary,
    Webhook,
)
from sms.providers.http import PROFILES, HttpGateway
from sms.providers.http.beem import BEEM
from sms.providers.http.profile import fill, find
from sms.tests.gateway import Gateway, answer, outbound, refused
from sms.tests.helpers import Carrier, make_message
from sms.tests.http_instances import SECRET, at_receipt, set_up
from tenants.models import Tenant

REFERENCE = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


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

    def test_a_signature_under_no_secret_at_all_is_403(
        self, anonymous: APIClient, settings: Settings, gateway: Gateway
    ) -> None:
        custom(settings, gateway.url, receipt_secret="")
        body = json.dumps({"id": "ATXid_1", "status": "delivered"}).encode()
        url, headers = "/api/sms/receipts/line/", signed(body, "")
        assert anonymous.post(url, body, content_type="application/json", headers=headers).status_code == 403

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
