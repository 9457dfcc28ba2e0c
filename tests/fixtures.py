"""What existing web clients read: real replies against the literal JSON in tests/contract/.

The fixtures are written from the API contract. Ids, times, tokens and sentences of our own wording stand as
placeholders; an object with the key "..." may hold more keys, every other object holds exactly its own.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rest_framework.test import APIClient

from accounts.models import User

API, AUTH, TENANTS = "/api/notifications/", "/api/auth/", "/api/tenants/"
FOLDER = Path(__file__).parent / "contract"
ClientOf = Callable[[User], APIClient]

PLACEHOLDERS = {
    "<uuid>": re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    "<time>": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"),
    "<page>": re.compile(r"http://testserver/api/notifications/\?.+"),
    "<date>": re.compile(r"\d{4}-\d\d-\d\d"),
    "<token>": re.compile(r"[\w-]+\.[\w-]+\.[\w-]+"),
    "<text>": re.compile(r".+", re.DOTALL),
}


def masked(reply: Any, fixture: Any) -> Any:
    """The reply with everything that a placeholder of the fixture stands for replaced by that placeholder."""
    if isinstance(fixture, dict) and isinstance(reply, dict):
        if "..." in fixture:
            reply = {key: value for key, value in reply.items() if key in fixture} | {"...": fixture["..."]}
        return {key: masked(value, fixture.get(key)) for key, value in reply.items()}
    if isinstance(fixture, list) and isinstance(reply, list):
        return [masked(*pair) for pair in zip(reply, fixture, strict=False)] + reply[len(fixture) :]
    pattern = PLACEHOLDERS.get(fixture) if isinstance(fixture, str) else None
    return fixture if pattern and isinstance(reply, str) and pattern.fullmatch(reply) else reply


def assert_contract(response: Any, name: str, *, status: int = 200) -> None:
    fixture = json.loads((FOLDER / f"{name}.json").read_text())
    assert response.status_code == status, response.content
    reply = json.loads(response.content)
    found = masked(reply, fixture)
    assert found == fixture
    # `1 == True` in Python, but not for a client.
    assert json.dumps(found, sort_keys=True) == json.dumps(fixture, sort_keys=True)
