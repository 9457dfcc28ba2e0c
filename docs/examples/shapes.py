"""What a reply has to look like, and the lines that say whether it did.

A shape is written as the JSON it describes: an object holds exactly its keys (`...: ...` allows more), a list holds
any number of its one element, a type or a pattern stands for a value, a tuple for one of several, and anything else
for itself.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

import requests

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
TEXT = re.compile(r".+", re.DOTALL)
TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")
AGE = re.compile(r"just now|\d+ (second|minute|hour|day|week|month|year)s? ago")
NUMBER = (int, float)
OBJECT = {...: ...}

TENANT = {"id": UUID, "name": TEXT, "slug": TEXT, "role": ("owner", "admin", "member")}
TYPES = (
    *("system", "sms_credit", "campaign", "contact", "billing", "security", "maintenance"),
    *("error", "success", "warning", "info"),
)
PRIORITIES = ("low", "medium", "high", "critical")

USER = {
    "id": UUID,
    "email": TEXT,
    "first_name": str,
    "last_name": str,
    "full_name": str,
    "short_name": TEXT,
    "phone_number": str,
    "timezone": TEXT,
    "avatar": str,
    "bio": str,
    "is_verified": bool,
    "phone_verified": bool,
    "email_notifications": bool,
    "sms_notifications": bool,
    "is_staff": bool,
    "is_superuser": bool,
    "tenants": [TENANT],
    "tenant": (TENANT, None),
    "created_at": TIME,
    "updated_at": TIME,
    "last_login_at": TIME,
}
ITEM = {
    "id": UUID,
    "title": TEXT,
    "message": TEXT,
    "notification_type": TYPES,
    "priority": PRIORITIES,
    "status": ("unread", "read", "archived"),
    "is_unread": bool,
    "is_system": bool,
    "is_auto_generated": bool,
    "action_text": str,
    "action_url": str,
    "data": OBJECT,
    "created_at": TIME,
    "updated_at": TIME,
    "read_at": (TIME, None),
    "expires_at": (TIME, None),
    "time_ago": AGE,
    "incident": (UUID, None),
}
SETTINGS: dict[Any, Any] = {
    "id": UUID,
    "email_notifications_enabled": bool,
    "sms_notifications_enabled": bool,
    "in_app_notifications_enabled": bool,
    "sms_credit_warning_threshold": int,
    "sms_credit_critical_threshold": int,
    "created_at": TIME,
    "updated_at": TIME,
    ...: ...,
}
DONE = {"success": True, "message": TEXT}


def problem(status: int, field: str = "", **known: Any) -> dict[Any, Any]:
    """The one shape of every error. `field` is the one that a 400 has to name."""
    shape = {
        "type": TEXT,
        "title": TEXT,
        "status": status,
        "detail": TEXT,
        "success": False,
        "error": TEXT,
        "code": TEXT,
        "request_id": TEXT,
    }
    return shape | ({"errors": {field: [TEXT], ...: ...}} if field else {}) | known


class Rows:
    """Prints one line a row of the contract and remembers what was not as it says."""

    def __init__(self) -> None:
        self.count = 0
        self.wrong: list[str] = []

    def row(self, reply: requests.Response, status: int, shape: Any, said: str = "") -> Any:
        """Checks one reply and returns its body. `said` is filled in from the body; of a list it says how long."""
        body = reply.json() if reply.content else None
        found = list(_faults_of(reply, status, body, shape))
        self.line(f"{reply.request.method} {_path(reply)}", reply.status_code, _filled(said, body))
        self.must(not found, "; ".join(found))
        return body

    def line(self, call: str, status: int, said: str) -> None:
        self.count += 1
        print(f"{call[:78]:78}  {status}  {said}")

    def must(self, holds: bool, what: str) -> None:
        """Something that has to hold beyond one reply's shape."""
        if not holds:
            self.wrong.append(what)
            print(f"    NOT AS THE CONTRACT SAYS: {what}")

    def close(self) -> int:
        """The last line, and the exit code of the script."""
        verdict = f"{len(self.wrong)} not as the contract says." if self.wrong else "all as the contract says."
        print(f"\n{self.count} rows, {verdict}")
        return 1 if self.wrong else 0


def _faults_of(reply: requests.Response, status: int, body: Any, shape: Any) -> Iterator[str]:
    if reply.status_code != status:
        yield f"{reply.status_code} instead of {status}: {reply.text[:300]}"
        return
    yield from faults(body, shape)
    if status >= requests.codes.bad_request:
        if reply.headers["Content-Type"] != "application/problem+json":
            yield f"the content type is {reply.headers['Content-Type']}"
        if body["error"] != body["detail"] or body["request_id"] != reply.headers["X-Request-ID"]:
            yield "error is not the detail, or request_id is not the header's"


def faults(value: Any, shape: Any, at: str = "reply") -> Iterator[str]:
    """Where a value differs from a shape, in words."""
    match shape:
        case dict() if isinstance(value, dict):
            names = set(shape) - {...}
            yield from (f"{at}.{name} is missing" for name in names - set(value))
            if ... not in shape:
                yield from (f"{at}.{name} is too much" for name in set(value) - names)
            for name in names & set(value):
                yield from faults(value[name], shape[name], f"{at}.{name}")
        case list() if isinstance(value, list):
            for number, item in enumerate(value):
                yield from faults(item, shape[0], f"{at}[{number}]")
        case tuple():
            if all(any(faults(value, one)) for one in shape):
                yield f"{at} is {value!r}"
        case _:
            if not _is(value, shape):
                yield f"{at} is {value!r}"


def _is(value: Any, shape: Any) -> bool:
    if isinstance(shape, type):
        return type(value) is shape  # True is an int in Python, and not for a client
    if isinstance(shape, re.Pattern):
        return isinstance(value, str) and bool(shape.fullmatch(value))
    return bool(value == shape) and isinstance(value, bool) == isinstance(shape, bool)


def _path(reply: requests.Response) -> str:
    path = unquote_plus(reply.request.path_url)
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", lambda key: f"…{key[0][-4:]}", path)


def _filled(said: str, body: Any) -> str:
    if not isinstance(body, dict):
        return said
    return (said or body.get("detail") or body.get("message", "")).format_map(
        {name: len(value) if isinstance(value, list) else value for name, value in body.items()}
    )
