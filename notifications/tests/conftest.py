"""What this room's tests call with."""

import datetime
import json
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import User
from notifications.tests.helpers import API
from notifications.tests.receivers import Receiver, receiving
from notifications.tests.streams import StreamProcess, running

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


@pytest.fixture(scope="module")
def shared_stream(django_db_setup: None) -> Iterator[StreamProcess]:
    """One process for all of a module that does not harm it."""
    with running() as process:
        yield process


@pytest.fixture
def stream(shared_stream: StreamProcess) -> Iterator[StreamProcess]:
    """The event stream's process, with nobody watching."""
    yield shared_stream
    shared_stream.hang_up()


@pytest.fixture
def operator(settings: Settings) -> Iterator[Receiver]:
    """An operator with a webhook, the only one there is."""
    with receiving() as found, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a module that Apprise looks at for its pictures
        settings.ALERT_URLS = [found.alert_url]
        settings.ALERT_TIME_LIMIT = datetime.timedelta(seconds=20)
        yield found


@pytest.fixture
def away() -> Iterator[Callable[[], None]]:
    """Postgres at an address where nobody listens, from when this is called until it is called again."""
    before = dict(connection.settings_dict)
    is_away = False

    def change() -> None:
        nonlocal is_away
        is_away = not is_away
        connection.close()
        connection.settings_dict.update({"HOST": "127.0.0.1", "PORT": "1"} if is_away else before)

    yield change
    connection.close()
    connection.settings_dict.update(before)
