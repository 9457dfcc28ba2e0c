"""Twilio, through its REST API of 2010-04-01.

Its SDK is used to compute signatures only: its HTTP client neither bounds an answer's time as a whole nor tells a
connection that was refused from one that broke after the request.

Vendor's pages for the tables below (not tried against a live account):
- states: twilio.com/docs/messaging/api/message-resource ("Message Status values") and
  twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
- error codes: twilio.com/docs/api/errors/<code>, one page each, of which 20429 (a 429 is never processed) and 30003
  were read in full and the others by their titles; Twilio changes them (its changelog of 2024-07-10), so an unknown
  code is refused for good by its HTTP status alone, and kept
- signatures: twilio.com/docs/usage/webhooks/webhooks-security
- errors' JSON: twilio.com/docs/usage/twilios-response
"""

import datetime
import email.utils
import functools
import hmac
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from twilio.request_validator import SIGNATURE_HEADER, RequestValidator, add_port, remove_port

from sms.models.states import Status
from sms.providers.base import (
    BadReceipt,
    BadSignature,
    CannotAsk,
    DeliveryReceipt,
    Outbound,
    Permanent,
    Provider,
    ProviderError,
    RateLimited,
    Temporary,
    Uncertain,
    Webhook,
)
from sms.providers.calling import FORM, Answer, Line, basic, refusal, retry_after

MESSAGE_SID = re.compile(r"(SM|MM)[0-9a-f]{32}")
#: Seconds that a message may wait at Twilio ("ValidityPeriod").
VALIDITY = range(1, 36_001)
#: A message that Twilio took but does not list after this long is taken for one that it never had.
SETTLED_AFTER = datetime.timedelta(minutes=2)
#: By how much its clock and ours may differ.
CLOCKS_DIFFER = datetime.timedelta(minutes=1)
MOST_FIELDS = 100

#: Error codes in its answer to a submission: what they mean for the message, and our word for it.
REFUSALS: Mapping[int, tuple[type[ProviderError], str]] = {
    14107: (RateLimited, "throttled"),
    20003: (Temporary, "gateway_credentials_refused"),
    20005: (Temporary, "gateway_account_suspended"),
    20429: (RateLimited, "throttled"),
    21211: (Permanent, "invalid_number"),
    21212: (Permanent, "sender_id_refused"),
    21214: (Permanent, "unknown_subscriber"),
    21217: (Permanent, "invalid_number"),
    21265: (Permanent, "invalid_number"),
    21408: (Permanent, "destination_not_allowed"),
    21602: (Permanent, "text_refused"),
    21603: (Permanent, "sender_id_refused"),
    21604: (Permanent, "invalid_number"),
    21605: (Permanent, "text_too_long"),
    21606: (Permanent, "sender_id_refused"),
    21608: (Permanent, "destination_not_allowed"),
    21610: (Permanent, "opted_out"),
    21611: (RateLimited, "throttled"),
    21612: (Permanent, "no_route"),
    21614: (Permanent, "landline"),
    21617: (Permanent, "text_too_long"),
    21659: (Permanent, "sender_id_refused"),
    21660: (Permanent, "sender_id_refused"),
    63038: (RateLimited, "throttled"),
}

#: Error codes in its receipts.
REASONS: Mapping[int, str] = {
    30001: "network_congestion",
    30002: "gateway_account_suspended",
    30003: "absent_subscriber",
    30004: "blocked_by_operator",
    30005: "unknown_subscriber",
    30006: "landline",
    30007: "filtered",
    30008: "unknown_error",
    30009: "unknown_error",
    30010: "price_too_high",
    30017: "network_congestion",
    30022: "throttled",
    30032: "sender_id_refused",
    30034: "sender_id_refused",
    30036: "validity_passed",
    30410: "network_congestion",
    30500: "gateway_failed",
    63038: "throttled",
}
#: The one failure that is neither Twilio's nor the network's: the time that we gave it was over.
VALIDITY_PASSED = "validity_passed"


@functools.cache
def _line() -> Line:
    return Line(connections=Twilio.concurrency)


class Twilio(Provider):
    slug = "twilio"
    title = "Twilio"
    #: Ten hours in its queue at most, then the network's own time.
    delivery_deadline = datetime.timedelta(hours=24)
    #: Those before `sent` say no more than that it was taken, and are kept for the timeline.
    statuses: ClassVar[Mapping[str, Status]] = {
        "accepted": Status.SUBMITTED,
        "scheduled": Status.SUBMITTED,
        "queued": Status.SUBMITTED,
        "sending": Status.SUBMITTED,
        "sent": Status.SENT,
        "partially_delivered": Status.SENT,
        "delivered": Status.DELIVERED,
        "read": Status.DELIVERED,
        "undelivered": Status.UNDELIVERED,
        "failed": Status.REJECTED,
        "canceled": Status.REJECTED,
    }

    def submit(self, message: Outbound) -> str:
        fields = {
            "To": message.recipient,
            "From": message.sender_id,
            "Body": message.text,
            "StatusCallback": message.receipt_url(self.slug),
        }
        if message.valid_until:
            left = int((message.valid_until - timezone.now()).total_seconds())
            fields["ValidityPeriod"] = str(min(max(left, VALIDITY[0]), VALIDITY[-1]))
        headers = self._headers() | {"Content-Type": FORM}
        answer = _line().post(self._url("/Messages.json"), headers=headers, body=urlencode(fields).encode())
        said = answer.json()
        if not answer.is_success:
            raise self._refusal(answer, said)
        sid = said.get("sid") if isinstance(said, dict) else None
        if not isinstance(sid, str) or not MESSAGE_SID.fullmatch(sid):
            raise Uncertain("gateway_answered_garbage")
        return sid

    @staticmethod
    def _headers() -> dict[str, str]:
        if not settings.TWILIO_ACCOUNT_SID or not settings.TWILIO_AUTH_TOKEN:
            raise Temporary("gateway_misconfigured")
        return {"Authorization": basic(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN)}

    @staticmethod
    def _url(path: str) -> str:
        return f"{settings.TWILIO_API_URL}/2010-04-01/Accounts/{settings.TWILIO_ACCOUNT_SID}{path}"

    @staticmethod
    def _refusal(answer: Answer, said: Any) -> ProviderError:
        code = said.get("code") if isinstance(said, dict) else None
        # A code beside a 5xx says nothing of the message.
        known = REFUSALS.get(code) if isinstance(code, int) and 400 <= answer.status < 500 else None
        if known is None:
            return refusal(answer, code=str(code or ""))
        kind, reason = known
        if kind is RateLimited:
            return RateLimited(reason, code=str(code), wait=retry_after(answer.headers))
        return kind(reason, code=str(code))

    def lookup(self, message: Outbound, *, since: datetime.datetime) -> str | None:
        """Looks for the message among those that Twilio lists for its recipient.

        Twilio has neither an idempotency key nor a field of ours that it lists, so what is sure is little: that it
        was not taken, when two minutes later it lists nothing to that number since then that could be it; and which
        one it is, when exactly one has the same text. In between (two alike, a text that was redacted, too many to
        read, too early) it raises CannotAsk; a message that was taken makes itself known by its first receipt, whose
        address carries our reference. The list is read without `DateSent`, since what still waits there has none.
        """
        query = {"To": message.recipient, "PageSize": "100"}
        answer = _line().get(self._url("/Messages.json"), headers=self._headers(), query=query)
        said = answer.json()
        if not answer.is_success or not isinstance(said, dict) or not isinstance(said.get("messages"), list):
            raise Temporary("gateway_unavailable", code=str(answer.status))
        try:
            return self._find(message, since, said)
        except (KeyError, TypeError, ValueError):
            raise Temporary("gateway_answered_garbage") from None

    @staticmethod
    def _find(message: Outbound, since: datetime.datetime, said: dict[str, Any]) -> str | None:
        begins = since - CLOCKS_DIFFER
        rows = [(row, email.utils.parsedate_to_datetime(row["date_created"])) for row in said["messages"]]
        recent = [row for row, at in rows if at >= begins and str(row["direction"]).startswith("outbound")]
        # A trial account's texts have a sentence in front of ours.
        possible = [row for row in recent if not row["body"] or message.text in row["body"]]
        if len(possible) == 1 and possible[0]["body"]:
            return str(possible[0]["sid"])
        is_all = not said.get("next_page_uri") or any(at < begins for _, at in rows)
        if possible or not is_all or timezone.now() < since + SETTLED_AFTER:
            raise CannotAsk
        return None

    def check_reachable(self) -> None:
        answer = _line().get(self._url(".json"), headers=self._headers())
        if not answer.is_success:
            said = refusal(answer)
            raise Temporary(said.reason, code=said.code)

    def read_receipts(self, call: Webhook) -> list[DeliveryReceipt]:
        """One receipt a call. Its signature has no time in it, so an old call that is posted again is accepted, and is
        the same receipt again, which is stored once."""
        fields = self._verified(call)
        said = {name: values[0] for name, values in fields.lists()}
        word = said.get("MessageStatus") or said.get("SmsStatus", "")
        if word not in self.statuses:
            raise BadReceipt("Not a receipt: its status is none that an outgoing message has.")
        code = said.get("ErrorCode", "")
        number = int(code) if code.isascii() and code.isdigit() and len(code) < 9 else 0
        reason = REASONS.get(number, "unknown_error" if number else "")
        return [
            DeliveryReceipt(
                provider_message_id=(said.get("MessageSid") or said.get("SmsSid", ""))[:100],
                status=Status.EXPIRED if reason == VALIDITY_PASSED else self.statuses[word],
                reason=reason,
                error_code=code[:30],
                occurred_at=timezone.now(),
                reference=_reference(call),
                raw=said,
            )
        ]

    @staticmethod
    def _verified(call: Webhook) -> "MultiValueDict[str, str]":
        given = call.headers.get(SIGNATURE_HEADER, "")
        if not given or not settings.TWILIO_AUTH_TOKEN:
            raise BadSignature("The signature is missing.")
        try:
            body = call.body.decode()
            fields = MultiValueDict(
                parse_qs(body, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
            )
        except ValueError:
            raise BadSignature("The signature is wrong.") from None
        validator = RequestValidator(settings.TWILIO_AUTH_TOKEN)
        known = [validator.compute_signature(url, fields) for url in _spellings(call.url)]
        # bytes, because compare_digest refuses text that is not ASCII
        matches = [hmac.compare_digest(one.encode(), given.encode(errors="replace")) for one in known]
        if not any(matches):
            raise BadSignature("The signature is wrong.")
        return fields


def _spellings(url: str) -> Iterator[str]:
    """With the port and without: Twilio signs one or the other."""
    parsed = urlsplit(url)
    yield add_port(parsed)
    yield remove_port(parsed)


def _reference(call: Webhook) -> UUID | None:
    """Our id, from the address that we gave with the message and that was signed."""
    given = parse_qs(urlsplit(call.target).query).get("reference", [""])[0]
    try:
        return UUID(given)
    except ValueError:
        return None
