"""Twilio, against payloads and signatures of its documentation (see sms/providers/twilio.py for the pages)."""

import base64
import datetime
import email.utils
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from pytest_django import Settings
from rest_framework.test import APIClient
from twilio.request_validator import RequestValidator
from uuid_utils.compat import uuid7

from sms.models import Message, Receipt, Status
from sms.providers import twilio
from sms.providers.base import BadReceipt, CannotAsk, Outbound, ProviderError, RateLimited, Temporary, Webhook
from sms.providers.simulator import sign
from sms.providers.twilio import Twilio
from sms.tests import gateway as gateways
from sms.tests.gateway import Gateway, answer
from sms.tests.helpers import make_message, number
from tenants.models import Tenant

ACCOUNT = "ACXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"
TOKEN = "12345"
SID = "SM0123456789abcdef0123456789abcdef"
NOW = datetime.datetime(2026, 3, 1, 12, 0, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def _account(settings: Settings) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, TOKEN
    settings.PUBLIC_URL = "https://sms.example.com"


@pytest.fixture
def gateway(settings: Settings) -> Iterator[Gateway]:
    with gateways.running() as running:
        settings.TWILIO_API_URL = running.url
        yield running


def outbound(**fields: Any) -> Outbound:
    plain = {"reference": uuid7(), "recipient": "+15558675310", "sender_id": "+15557122661", "text": "Hi there"}
    return Outbound(**plain | fields)


def resource(**changes: Any) -> dict[str, Any]:
    """A Message resource as the documentation shows it."""
    return {
        "account_sid": ACCOUNT,
        "api_version": "2010-04-01",
        "body": "Hi there",
        "date_created": email.utils.format_datetime(timezone.now()),
        "date_sent": None,
        "date_updated": email.utils.format_datetime(timezone.now()),
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": "+15557122661",
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": None,
        "sid": SID,
        "status": "queued",
        "subresource_uris": {"media": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{SID}/Media.json"},
        "to": "+15558675310",
        "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{SID}.json",
    } | changes


# --- Submitting --------------------------------------------------------------------------------------------------


def test_a_message_is_posted_as_a_form_with_the_address_for_its_receipts(gateway: Gateway) -> None:
    gateway.will(answer(201, resource()))
    message = outbound(text="Habari, dünya & 100% + more\n😀")
    assert Twilio().submit(message) == SID
    [call] = gateway.calls
    assert (call.method, call.target) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
    assert base64.b64decode(call.headers["Authorization"].removeprefix("Basic ")).decode() == f"{ACCOUNT}:{TOKEN}"
    assert call.form == {
        "To": message.recipient,
        "From": message.sender_id,
        "Body": message.text,
        "StatusCallback": f"https://sms.example.com/api/sms/receipts/twilio/?reference={message.reference}",
    }


@pytest.mark.parametrize(("seconds", "validity"), [(90, "90"), (100_000, "36000"), (0, "1"), (-5, "1")])
def test_it_is_told_for_how_long_a_message_is_worth_sending(
    gateway: Gateway, seconds: int, validity: str, time_machine: Any
) -> None:
    time_machine.move_to(NOW, tick=False)
    gateway.will(answer(201, resource()))
    Twilio().submit(outbound(valid_until=NOW + datetime.timedelta(seconds=seconds)))
    assert gateway.calls[0].form["ValidityPeriod"] == validity


@pytest.mark.parametrize("code", sorted(twilio.REFUSALS))
def test_its_error_codes_say_whether_it_is_worth_trying_again(gateway: Gateway, code: int) -> None:
    kind, reason = twilio.REFUSALS[code]
    error = {"code": code, "message": "...", "more_info": f"https://www.twilio.com/docs/errors/{code}", "status": 400}
    gateway.will(answer(400, error))
    with pytest.raises(ProviderError) as refused:
        Twilio().submit(outbound())
    assert (type(refused.value), refused.value.reason, refused.value.code) == (kind, reason, str(code))


def test_an_error_code_of_which_we_know_nothing_is_kept(gateway: Gateway) -> None:
    gateway.will(answer(400, {"code": 29999, "message": "New", "status": 400}))
    with pytest.raises(ProviderError) as refused:
        Twilio().submit(outbound())
    assert (refused.value.reason, refused.value.code) == ("refused_by_gateway", "29999")


def test_too_many_requests_is_never_processed_and_says_for_how_long_to_wait(gateway: Gateway) -> None:
    gateway.will(answer(429, {"code": 20429, "message": "Too Many Requests", "status": 429}, Retry_After="3"))
    with pytest.raises(RateLimited) as refused:
        Twilio().submit(outbound())
    assert (refused.value.reason, refused.value.code, refused.value.wait) == ("throttled", "20429", 3.0)


@pytest.mark.parametrize("missing", ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"])
def test_without_an_account_nothing_is_called(gateway: Gateway, settings: Settings, missing: str) -> None:
    setattr(settings, missing, "")
    for call in (lambda: Twilio().submit(outbound()), Twilio().check_reachable):
        with pytest.raises(Temporary) as refused:
            call()
        assert refused.value.reason == "gateway_misconfigured"
    assert gateway.calls == []


def test_it_is_reachable_when_it_knows_the_account(gateway: Gateway) -> None:
    gateway.will(answer(200, {"sid": ACCOUNT, "status": "active"}))
    Twilio().check_reachable()
    assert gateway.calls[0].target == f"/2010-04-01/Accounts/{ACCOUNT}.json"


# --- Asking whether it was taken ---------------------------------------------------------------------------------


def listed(*rows: dict[str, Any], more: bool = False) -> gateways.Reply:
    page = {"first_page_uri": "/", "next_page_uri": "/more" if more else None, "page_size": 100}
    return answer(200, page | {"messages": list(rows)})


def ago(minutes: float) -> datetime.datetime:
    return timezone.now() - datetime.timedelta(minutes=minutes)


def at(minutes: float) -> str:
    return email.utils.format_datetime(ago(minutes))


def test_a_message_that_was_taken_is_found_by_recipient_and_text(gateway: Gateway) -> None:
    others = [resource(sid="SMother", body="Something else"), resource(sid="SMin", direction="inbound")]
    gateway.will(listed(*others, resource(), resource(sid="SMold", date_created=at(60))))
    assert Twilio().lookup(outbound(), since=ago(5)) == SID
    assert gateway.calls[0].query == {"To": "+15558675310", "PageSize": "100"}


def test_a_text_of_a_trial_account_is_found_behind_its_preface(gateway: Gateway) -> None:
    gateway.will(listed(resource(body="Sent from your Twilio trial account - Hi there")))
    assert Twilio().lookup(outbound(), since=ago(5)) == SID


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [resource(body="Something else")],
        [resource(direction="inbound")],
        [resource(date_created=at(60))],
    ],
    ids=["nothing", "another text", "an answer from there", "an older one"],
)
def test_what_is_not_listed_after_two_minutes_was_surely_not_taken(
    gateway: Gateway, rows: list[dict[str, Any]]
) -> None:
    gateway.will(listed(*rows))
    assert Twilio().lookup(outbound(), since=ago(3)) is None
    with pytest.raises(CannotAsk):
        Twilio().lookup(outbound(), since=ago(1.5))


@pytest.mark.parametrize(
    ("rows", "more"),
    [
        ([resource(), resource(sid="SM2")], False),
        ([resource(body="")], False),
        ([resource(), resource(sid="SM2", body="")], False),
        ([resource(body="Something else")], True),
    ],
    ids=["two alike", "redacted", "one, and a redacted one", "more than a page"],
)
def test_what_could_be_it_or_not_is_no_answer(gateway: Gateway, rows: list[dict[str, Any]], more: bool) -> None:
    gateway.will(listed(*rows, more=more))
    with pytest.raises(CannotAsk):
        Twilio().lookup(outbound(), since=ago(30))


def test_a_page_that_reaches_back_far_enough_is_the_whole_truth(gateway: Gateway) -> None:
    gateway.will(listed(resource(body="Something else"), resource(date_created=at(600)), more=True))
    assert Twilio().lookup(outbound(), since=ago(30)) is None


@pytest.mark.parametrize("row", [{}, {"date_created": "soon"}, {"date_created": None}, "row"])
def test_a_list_that_cannot_be_read_is_asked_for_again(gateway: Gateway, row: Any) -> None:
    gateway.will(answer(200, {"messages": [row]}))
    with pytest.raises(Temporary):
        Twilio().lookup(outbound(), since=ago(30))


# --- Receipts ----------------------------------------------------------------------------------------------------

REFERENCE = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
TARGET = f"/api/sms/receipts/twilio/?reference={REFERENCE}"


def said(**changes: str) -> dict[str, str]:
    """A status callback as the documentation shows it."""
    return {
        "SmsSid": SID,
        "SmsStatus": "delivered",
        "MessageStatus": "delivered",
        "To": "+15558675310",
        "MessageSid": SID,
        "AccountSid": ACCOUNT,
        "From": "+15017122661",
        "ApiVersion": "2010-04-01",
    } | changes


def signature(fields: dict[str, str], *, url: str = f"https://sms.example.com{TARGET}", token: str = TOKEN) -> str:
    return str(RequestValidator(token).compute_signature(url, fields))


def post(client: APIClient, fields: dict[str, str], signature: str | None, target: str = TARGET) -> Any:
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    body = urlencode(fields)
    return client.post(target, body, content_type="application/x-www-form-urlencoded", headers=headers)


def test_signatures_are_those_of_the_documentation(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://mycompany.com"
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    headers = {"X-Twilio-Signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="}
    call = Webhook("/myapp.php?foo=1&bar=2", headers, urlencode(fields).encode())
    with pytest.raises(BadReceipt, match="status"):  # it is a phone call's, but from Twilio
        Twilio().read_receipts(call)


@pytest.mark.parametrize("public", ["https://sms.example.com", "https://sms.example.com:443", "http://10.0.0.1:8000"])
def test_a_port_in_the_address_may_be_signed_or_not(settings: Settings, public: str) -> None:
    settings.PUBLIC_URL = public
    body = urlencode(said()).encode()
    plain = public.removesuffix(":443").removesuffix(":8000")
    for url in (f"{public}{TARGET}", f"{plain}{TARGET}"):
        [receipt] = Twilio().read_receipts(Webhook(TARGET, {"X-Twilio-Signature": signature(said(), url=url)}, body))
        assert receipt.status is Status.DELIVERED


@pytest.mark.parametrize("word", sorted(Twilio.statuses))
def test_its_words_become_ours(word: str) -> None:
    fields = said(MessageStatus=word, SmsStatus=word)
    call = Webhook(TARGET, {"X-Twilio-Signature": signature(fields)}, urlencode(fields).encode())
    [receipt] = Twilio().read_receipts(call)
    assert receipt.status is Twilio.statuses[word]
    assert (receipt.provider_message_id, receipt.reference, receipt.raw) == (SID, REFERENCE, fields)


@pytest.mark.parametrize("code", sorted(twilio.REASONS))
def test_its_error_codes_become_our_reasons(code: int) -> None:
    fields = said(MessageStatus="undelivered", ErrorCode=str(code))
    call = Webhook(TARGET, {"X-Twilio-Signature": signature(fields)}, urlencode(fields).encode())
    [receipt] = Twilio().read_receipts(call)
    assert (receipt.reason, receipt.error_code) == (twilio.REASONS[code], str(code))
    assert receipt.status is (Status.EXPIRED if code == 30036 else Status.UNDELIVERED)


@pytest.mark.parametrize(("code", "reason"), [("", ""), ("0", ""), ("39999", "unknown_error"), ("²", ""), ("-1", "")])
def test_an_error_code_without_a_word_of_ours_is_kept(code: str, reason: str) -> None:
    fields = said(MessageStatus="undelivered", ErrorCode=code)
    call = Webhook(TARGET, {"X-Twilio-Signature": signature(fields)}, urlencode(fields).encode())
    [receipt] = Twilio().read_receipts(call)
    assert (receipt.reason, receipt.error_code) == (reason, code)


@pytest.mark.parametrize("word", ["receiving", "received", "DELIVERED", "", "delivered "])
def test_a_status_that_no_sent_message_has_is_no_receipt(word: str) -> None:
    fields = said(MessageStatus=word, SmsStatus=word)
    call = Webhook(TARGET, {"X-Twilio-Signature": signature(fields)}, urlencode(fields).encode())
    with pytest.raises(BadReceipt):
        Twilio().read_receipts(call)


def test_repeated_fields_are_signed_once_each() -> None:
    pairs = [*said().items(), ("Tag", "b"), ("Tag", "a"), ("Tag", "a")]
    fields = MultiValueDict({name: [v for n, v in pairs if n == name] for name, _ in pairs})
    computed = str(RequestValidator(TOKEN).compute_signature(f"https://sms.example.com{TARGET}", fields))
    call = Webhook(TARGET, {"X-Twilio-Signature": computed}, urlencode(pairs).encode())
    assert Twilio().read_receipts(call)[0].status is Status.DELIVERED


@pytest.mark.django_db
@pytest.mark.usefixtures("platform")
class TestOverHttp:
    @pytest.fixture(autouse=True)
    def message(self, tenant: Tenant, other_tenant: Tenant) -> Message:
        make_message(
            other_tenant, provider="twilio", batch_id=None, provider_message_id="SMtheirs", status=Status.SUBMITTED
        )
        return make_message(
            tenant,
            provider="twilio",
            batch_id=None,
            provider_message_id=SID,
            status=Status.SUBMITTED,
            recipient=number(2),
        )

    def test_a_signed_call_is_applied_once_however_often_it_is_posted(
        self, anonymous: APIClient, message: Message
    ) -> None:
        """Its signature has no time in it, so an old call that is posted again is as good as a repeated one."""
        for new in (1, 0, 0):
            response = post(anonymous, said(), signature(said()))
            assert (response.status_code, response.json()["new"]) == (200, new)
        message.refresh_from_db()
        assert (message.status, Receipt.objects.count()) == ("delivered", 1)

    def test_a_message_of_which_we_did_not_know_whether_it_was_taken_is_known_by_its_first_receipt(
        self, anonymous: APIClient, tenant: Tenant
    ) -> None:
        lost = make_message(tenant, provider="twilio", batch_id=None, status=Status.UNKNOWN, pk=REFERENCE)
        sid = "SMffffffffffffffffffffffffffffffff"
        fields = said(MessageStatus="queued", SmsStatus="queued", MessageSid=sid, SmsSid=sid)
        assert post(anonymous, fields, signature(fields)).status_code == 200
        lost.refresh_from_db()
        assert (lost.status, lost.provider_message_id) == ("submitted", sid)

    @pytest.mark.parametrize(
        ("fields", "given", "target"),
        [
            (said(), None, TARGET),
            (said(), "", TARGET),
            (said(), "x", TARGET),
            (said(), "é" * 28, TARGET),
            (said(), signature(said()) + " ", TARGET),
            (said(), signature(said()).lower(), TARGET),
            (said(), signature(said(), token="somebody else's"), TARGET),
            (said(), signature(said(), token=""), TARGET),
            (said(MessageStatus="failed"), signature(said()), TARGET),
            (said(MessageSid="SMtheirs"), signature(said()), TARGET),
            (said(Extra="1"), signature(said()), TARGET),
            ({name: value for name, value in said().items() if name != "From"}, signature(said()), TARGET),
            (said(), signature(said()), "/api/sms/receipts/twilio/?reference=01890a5d-ac96-774b-bcce-b302099a8058"),
            (said(), signature(said()), "/api/sms/receipts/twilio/"),
            (said(), signature(said()), f"{TARGET}&x=1"),
            (said(), signature(said(), url=f"http://testserver{TARGET}"), TARGET),
            (said(MessageStatus="del\u0131vered"), signature(said()), TARGET),
            (said(MessageStatus="\uff44\uff45\uff4c\uff49\uff56\uff45\uff52\uff45\uff44"), signature(said()), TARGET),
            (said(MessageStatus="delivered\u200b"), signature(said()), TARGET),
        ],
        ids=[
            *(
                "no header",
                "empty header",
                "short",
                "not ASCII",
                "padded",
                "other case",
                "another account",
                "no token",
            ),
            *("another status", "another message", "a field more", "a field less"),
            *("another reference", "no reference", "a longer query", "signed for the Host header"),
            *("dotless i", "full width", "zero width"),
        ],
    )
    def test_whatever_is_not_signed_by_twilio_is_403_and_stored_nowhere(
        self, anonymous: APIClient, fields: dict[str, str], given: str | None, target: str
    ) -> None:
        response = post(anonymous, fields, given, target)
        assert response.status_code == 403, response.content
        assert response.json()["code"] == "bad_signature"
        assert Receipt.objects.count() == 0
        assert set(Message.objects.values_list("status", flat=True)) == {"submitted"}

    @pytest.mark.parametrize(
        "body", [b"", b"\xff\xfe=1", b"a=%ff", b"&".join(b"a%d=1" % n for n in range(200))], ids=lambda b: repr(b[:9])
    )
    def test_a_body_that_cannot_be_checked_is_403(self, anonymous: APIClient, body: bytes) -> None:
        headers = {"X-Twilio-Signature": signature(said())}
        form = "application/x-www-form-urlencoded"
        assert anonymous.post(TARGET, body, content_type=form, headers=headers).status_code == 403
        assert Receipt.objects.count() == 0

    def test_without_a_token_of_ours_every_call_is_refused(self, anonymous: APIClient, settings: Settings) -> None:
        settings.TWILIO_AUTH_TOKEN = ""
        assert post(anonymous, said(), signature(said(), token="")).status_code == 403

    def test_the_simulators_signature_opens_nothing_here(self, anonymous: APIClient) -> None:
        assert post(anonymous, said(), sign(urlencode(said()).encode(), at=1)).status_code == 403
        assert Receipt.objects.count() == 0

    @pytest.mark.parametrize("changes", [{"MessageSid": "", "SmsSid": ""}, {"MessageSid": "\x00"}])
    def test_a_signed_call_that_names_no_message_is_400(self, anonymous: APIClient, changes: dict[str, str]) -> None:
        fields = said(**changes)
        assert post(anonymous, fields, signature(fields)).status_code == 400
        assert Receipt.objects.count() == 0
