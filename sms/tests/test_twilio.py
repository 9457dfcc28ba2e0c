"""Twilio, against payloads and signatures of its documentation (see sms/providers/twilio.py for the pages)."""

import base64
import datetime
import email.utils
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from sms.providers import twilio
from sms.providers.base import CannotAsk, Outbound, ProviderError, RateLimited, Temporary, Uncertain
from sms.providers.twilio import Twilio
from sms.tests import gateway as gateways
from sms.tests.gateway import Gateway, answer

ACCOUNT = "ACXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"
TOKEN = "12345"
SID = "SM0123456789abcdef0123456789abcdef"
NOW = datetime.datetime(2026, 3, 1, 12, 0, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def _account(settings: Settings) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, TOKEN
    settings.PUBLIC_URL = "https://sms.example.com"


@pytest.fixture
def gateway(gateway: Gateway, settings: Settings) -> Gateway:
    settings.TWILIO_API_URL = gateway.url
    return gateway


def outbound(**fields: Any) -> Outbound:
    plain = {"recipient": "+15558675310", "sender_id": "+15557122661", "text": "Hi there"}
    return gateways.outbound(**plain | fields)


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


def test_an_error_code_beside_a_fault_of_its_own_says_nothing_of_the_message(gateway: Gateway) -> None:
    gateway.will(answer(500, {"code": 21211, "message": "...", "status": 500}))
    with pytest.raises(Uncertain):
        Twilio().submit(outbound())


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
