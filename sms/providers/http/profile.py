"""What there is to know of a gateway that speaks HTTP, as data: nothing in a profile is code."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sms.models.states import Status
from sms.providers.base import ProviderError

FIELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Receipts:
    """How a gateway's receipts are read. Paths have dots: `data.0.status` is the first of a list."""

    encoding: str = "json"
    """"json" or "form"."""
    list_at: str = ""
    """Where several stand in one call; "" where the call is one."""
    id_at: str = "id"
    status_at: str = "status"
    reason_at: str = "reason"
    reference_at: str = "reference"
    statuses: Mapping[str, Status] = field(default_factory=dict)
    """Words are compared in upper case."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """The gateway's word for a failure, or for a status that names one, as ours. In upper case too."""
    signature_header: str = ""
    """A header with the hex HMAC-SHA256 of the raw body under `receipt_secret`. Without one, `receipt_secret` stands
    in the address (`?token=`) that the gateway posts to."""


@dataclass(frozen=True)
class Profile:
    """One vendor.

    In `headers`, `fields` and the addresses, `{name}` is a credential of the instance or one of: recipient (E.164),
    digits (without the plus), sender_id, text, encoding, reference, receipt_url.
    """

    title: str
    send_url: str
    fields: Mapping[str, Any]
    encoding: str = "json"
    """How the request is written: "json" or "form"."""
    headers: Mapping[str, str] = field(default_factory=dict)
    basic_auth: tuple[str, str] | None = None
    """User and password, as `{name}`."""
    id_at: str = "id"
    codes_at: tuple[str, ...] = ()
    """Where an answer says how it went, the first place that does; codes are compared as text."""
    taken: frozenset[str] = frozenset()
    """Codes of success; without `codes_at` a 2xx with an id is one."""
    refusals: Mapping[str, tuple[type[ProviderError], str]] = field(default_factory=dict)
    encodings: Mapping[str, Any] = field(default_factory=lambda: {"GSM-7": 0, "UCS-2": 8})
    check_url: str = ""
    """A GET that costs nothing and needs the credentials."""
    lookup_url: str = ""
    """A GET that finds a message by our `{reference}`; 404 when there is none."""
    report_url: str = ""
    """A GET that reports on the message `{id}` in the shape of a receipt, for gateways that do not post any."""
    receipts: Receipts = field(default_factory=Receipts)
    deadline_hours: int = 24


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """Puts values into a template of any depth. A text that is one `{name}` becomes the value itself, number or text;
    what the values contain is never read as a template. Raises KeyError."""
    if isinstance(template, Mapping):
        return {key: fill(item, values) for key, item in template.items()}
    if isinstance(template, list | tuple):
        return [fill(item, values) for item in template]
    if not isinstance(template, str):
        return template
    if whole := FIELD.fullmatch(template):
        return values[whole[1]]
    return FIELD.sub(lambda found: str(values[found[1]]), template)


def find(data: Any, path: str) -> Any:
    """What stands at a path in what a gateway said; None when nothing does. "" is the whole."""
    for step in path.split(".") if path else ():
        if isinstance(data, list) and step.isdigit() and int(step) < len(data):
            data = data[int(step)]
        elif isinstance(data, dict):
            data = data.get(step)
        else:
            return None
    return data
