"""What Twilio posts, against payloads and signatures of its documentation (see sms/providers/twilio.py)."""

import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.utils.datastructures import MultiValueDict
from pytest_django import Settings
from rest_framework.test import APIClient
from twilio.request_validator import RequestValidator

from sms.models import Message, Receipt, Status
from sms.providers import twilio
from sms.providers.base import BadReceipt, Webhook
from sms.providers.simulator import sign
from sms.providers.twilio import Twilio
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
