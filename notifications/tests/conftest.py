"""What this room's tests call with."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from notifications.tests.helpers import API

Get = Callable[..., Any]


@pytest.fixture
def get(client_of: Callable[[User], APIClient]) -> Get:
    """`get(user, "recent/")`: the body of a call that must succeed."""

    def call(user: User, path: str) -> Any:
        response = client_of(user).get(API + path)
        assert response.status_code == 200, response.content
        return response.json()

    return call


@pytest.fixture
def post(client_of: Callable[[User], APIClient]) -> Get:
    """`post(user, "mark-all-read/", {...})`: the body of a call that must succeed."""

    def call(user: User, path: str, body: dict[str, Any] | None = None) -> Any:
        response = client_of(user).post(API + path, body or {})
        assert response.status_code == 200, response.content
        return response.json()

    return call


@pytest.fixture
def refused(client_of: Callable[[User], APIClient]) -> Get:
    """`refused(user, "get", "recent/?limit=0")`: the body of a call that must be a 400."""

    def call(user: User, method: str, path: str, body: Any = None) -> Any:
        text = body if isinstance(body, str) else json.dumps(body or {})
        response = client_of(user).generic(method.upper(), API + path, text, content_type="application/json")
        assert response.status_code == 400, response.content
        return response.json()

    return call
