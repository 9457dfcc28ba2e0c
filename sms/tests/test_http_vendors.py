"""Beem Africa and Africa's Talking, against payloads of their documentation (the pages: sms/providers/http/)."""

import base64
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.utils import timezone

from sms.models import Status
from sms.providers.base import (
    CannotAsk,
    Permanent,
    RateLimited,
    Temporary,
    Webhook,
)
from sms.providers.http import HttpGateway
from sms.providers.http.africas_talking import AFRICAS_TALKING
from sms.providers.http.beem import BEEM
from sms.tests import gateway as gateways
from sms.tests.gateway import Gateway, answer, outbound, refused
from sms.tests.http_instances import SECRET, at_receipt

REFERENCE = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


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
