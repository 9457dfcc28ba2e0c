"""The provider that a profile and an instance's configuration make."""

import datetime
import functools
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit
from uuid import UUID

from django.utils import timezone

from sms.models.states import FAILED
from sms.providers.base import (
    BadReceipt,
    BadSignature,
    CannotAsk,
    DeliveryReceipt,
    Outbound,
    Provider,
    RateLimited,
    Temporary,
    Uncertain,
    Webhook,
)
from sms.providers.calling import FORM, JSON, Answer, Line, basic, refusal
from sms.providers.http.profile import Profile, fill, find
from sms.segments import segment

MOST_FIELDS = 100


@dataclass(frozen=True)
class Instance:
    """One account at one vendor."""

    slug: str
    profile: Profile
    credentials: Mapping[str, str] = field(repr=False)
    receipt_secret: str = field(repr=False)


@functools.cache
def _line(slug: str) -> Line:
    """One for each instance, whatever is configured: their connections are their own."""
    return Line(connections=HttpGateway.concurrency)


class HttpGateway(Provider):
    """Is subclassed for each instance by `provider_of`."""

    instance: ClassVar[Instance]

    @property
    def profile(self) -> Profile:
        return self.instance.profile

    # --- Handing over -------------------------------------------------------------------------------------------

    def submit(self, message: Outbound) -> str:
        fields = self._fill(self.profile.fields, message)
        is_json = self.profile.encoding == "json"
        body = json.dumps(fields) if is_json else urlencode(fields)
        headers = self._headers() | {"Content-Type": JSON if is_json else FORM}
        answer = _line(self.slug).post(self._fill(self.profile.send_url, message), headers=headers, body=body.encode())
        return self._accepted(answer)

    def _accepted(self, answer: Answer) -> str:
        """The gateway's id. Its own code counts more than the HTTP status, unless that is a 5xx or says too fast."""
        said = answer.json()
        code = next(filter(None, (_text(find(said, path)) for path in self.profile.codes_at)), "")[:30]
        is_known = answer.status < 500 and answer.status != 429
        if is_known and code in self.profile.refusals:
            kind, reason = self.profile.refusals[code]
            raise kind(reason, code=code)
        if not answer.is_success:
            raise refusal(answer, code=code)
        name = _text(find(said, self.profile.id_at))
        if not _is_id(name) or (self.profile.codes_at and code not in self.profile.taken):
            raise Uncertain("gateway_answered_garbage", code=code)
        return name

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = self._fill(self.profile.headers)
        if self.profile.basic_auth:
            headers["Authorization"] = basic(*self._fill(self.profile.basic_auth))
        return headers

    def _fill(self, template: Any, message: Outbound | None = None, **more: str) -> Any:
        """Raises Temporary when a credential is missing."""
        values: dict[str, Any] = dict(self.instance.credentials) | more
        if message:
            values |= {
                "recipient": message.recipient,
                "digits": message.recipient.removeprefix("+"),
                "sender_id": message.sender_id,
                "text": message.text,
                "encoding": self.profile.encodings[segment(message.text).encoding],
                "reference": str(message.reference),
                "receipt_url": self._receipt_url(message),
            }
        try:
            return fill(template, values)
        except KeyError:
            raise Temporary("gateway_misconfigured") from None

    def _receipt_url(self, message: Outbound) -> str:
        url = message.receipt_url(self.slug)
        return url if self.profile.receipts.signature_header else f"{url}&token={quote(self.instance.receipt_secret)}"

    # --- Asking -------------------------------------------------------------------------------------------------

    def lookup(self, message: Outbound, *, since: datetime.datetime) -> str | None:
        """None when the gateway answers 404: it promises by its `lookup_url` that this means that it never had it."""
        if not self.profile.lookup_url:
            raise CannotAsk
        answer = _line(self.slug).get(self._fill(self.profile.lookup_url, message), headers=self._headers())
        if answer.status == 404:
            return None
        name = _text(find(answer.json(), self.profile.id_at)) if answer.is_success else ""
        if not _is_id(name):
            raise Temporary("gateway_unavailable", code=str(answer.status))
        return name

    def check_reachable(self) -> None:
        if not self.profile.check_url:
            return
        answer = _line(self.slug).get(self._fill(self.profile.check_url), headers=self._headers())
        if not answer.is_success:
            said = refusal(answer)
            raise Temporary(said.reason, code=said.code)

    # --- Receipts -----------------------------------------------------------------------------------------------

    def read_receipts(self, call: Webhook) -> list[DeliveryReceipt]:
        self._verify(call)
        try:
            if self.profile.receipts.encoding == "form":
                pairs = parse_qsl(
                    call.body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
                )
                said: Any = dict(pairs)
            else:
                said = json.loads(call.body)
        except (ValueError, RecursionError):
            raise BadReceipt("Not a receipt: it cannot be read.") from None
        # A header signs the body alone: the reference in the address is then anybody's.
        is_secret = not self.profile.receipts.signature_header
        return self._read_all(said, reference=_query(call, "reference") if is_secret else "")

    def _verify(self, call: Webhook) -> None:
        secret, header = self.instance.receipt_secret, self.profile.receipts.signature_header
        if header:
            given = call.headers.get(header, "")
            expected = hmac.new(secret.encode(), call.body, hashlib.sha256).hexdigest()
        else:
            given, expected = _query(call, "token"), secret
        if not secret or not given:
            raise BadSignature("The signature is missing.")
        # bytes, because compare_digest refuses text that is not ASCII
        if not hmac.compare_digest(expected.encode(), given.encode(errors="replace")):
            raise BadSignature("The signature is wrong.")

    def _read_all(self, said: Any, *, reference: str = "") -> list[DeliveryReceipt]:
        shape = self.profile.receipts
        items = find(said, shape.list_at) if shape.list_at else [said]
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise BadReceipt("Not a receipt: it has not the shape of one.")
        return [self._read(item, reference) for item in items]

    def _read(self, item: dict[str, Any], reference: str) -> DeliveryReceipt:
        shape = self.profile.receipts
        word = _text(find(item, shape.status_at)).upper()
        if word not in shape.statuses:
            raise BadReceipt("Not a receipt: it has no status that we know.")
        status, code = shape.statuses[word], _text(find(item, shape.reason_at))
        reason = shape.reasons.get(code.upper()) or shape.reasons.get(word, "unknown_error" if code else "")
        return DeliveryReceipt(
            provider_message_id=_text(find(item, shape.id_at))[:100],
            status=status,
            reason=reason if status in FAILED else "",
            error_code=code[:30],
            occurred_at=timezone.now(),
            reference=_uuid(_text(find(item, shape.reference_at)) or reference),
            raw=item,
        )

    def report(self, message: Outbound, provider_message_id: str) -> list[DeliveryReceipt]:
        """What the gateway says of a message that it took, for those that post no receipts; [] while it says nothing.

        Raises Temporary, and CannotAsk where it posts them.
        """
        if not self.profile.report_url:
            raise CannotAsk
        url = self._fill(self.profile.report_url, message, id=quote(provider_message_id))
        answer = _line(self.slug).get(url, headers=self._headers())
        if not answer.is_success:
            said = refusal(answer)
            raise RateLimited(wait=said.wait) if isinstance(said, RateLimited) else Temporary(said.reason)
        data = answer.json()
        items = data if isinstance(data, list) else [data]
        mine = [item for item in items if isinstance(item, dict)]
        known = [item for item in mine if _text(find(item, self.profile.receipts.id_at)) == provider_message_id]
        try:
            return [self._read(item, "") for item in known]
        except BadReceipt:
            raise Temporary("gateway_answered_garbage") from None


def _text(value: Any) -> str:
    """A number or a text that a gateway said, as text; "" for anything else."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _is_id(name: str) -> bool:
    """`None` is how a vendor writes that a message has no id."""
    return 0 < len(name) <= 100 and name != "None"


def _query(call: Webhook, name: str) -> str:
    try:
        return parse_qs(urlsplit(call.target).query, max_num_fields=MOST_FIELDS).get(name, [""])[0]
    except ValueError:
        return ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def provider_of(instance: Instance) -> type[HttpGateway]:
    """The provider of one instance."""
    profile = instance.profile
    head = {
        "slug": instance.slug,
        "title": profile.title,
        "statuses": profile.receipts.statuses,
        "delivery_deadline": datetime.timedelta(hours=profile.deadline_hours),
        "instance": instance,
    }
    return type(HttpGateway.__name__, (HttpGateway,), head)
