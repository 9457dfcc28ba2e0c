"""Who makes hostile calls, and who judges the answers."""

import copy
import io
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import django_filters
import pytest
from django.conf import settings as django_settings
from django.core.signals import request_started
from django.db import close_old_connections
from rest_framework import serializers
from rest_framework.test import APIClient

from accounts.models import User
from config.handler import Utf8Handler
from config.tests.test_exceptions import assert_problem
from conftest import PASSWORD, signed_in
from sms.providers.simulator import sign
from tenants.models import Tenant
from tests import routes
from tests.database import contents, writes
from tests.hostile import values
from tests.hostile.values import Field

Fields = dict[str, Field]
#: Fields that a refusal names. To name each of a hundred thousand wrong items takes a process many seconds.
MOST_NAMED = 100


@dataclass(frozen=True)
class Call:
    """One method of one route, and everything it reads."""

    method: str
    route: str
    body: Fields | None = None
    """None: it reads no body."""
    query: Fields = field(default_factory=dict)
    needs_credentials: bool = True
    once: bool = False
    """It takes an Idempotency-Key."""
    signed: bool = False
    file: bool = False
    """It takes a CSV file."""

    def __str__(self) -> str:
        return f"{self.method} {self.route}"


class Caller:
    """A person who may make every call, with one of everything."""

    def __init__(self, user: User, tenant: Tenant) -> None:
        self.user = user
        self.things = routes.real_things(user=user, tenant=tenant)
        self.stranger = APIClient()
        self.stranger.raise_request_exception = False
        self.sign_in()
        self.client.get("/api/notifications/settings/")  # made before something is compared

    def once_more(self) -> "Caller":
        """With the same things, for a test that may change which; Redis has forgotten them all."""
        caller = copy.copy(self)
        caller.things = dict(self.things)
        caller.client.get("/api/notifications/recent/")  # vouched for, before something is compared
        return caller

    def sign_in(self) -> None:
        self.client = signed_in(self.user)
        self.client.raise_request_exception = False
        self.authorization = str(self.client._credentials["HTTP_AUTHORIZATION"])  # type: ignore[attr-defined]

    def send(
        self, call: Call, content: bytes = b"", content_type: str = values.JSON, query: str = "", **h: str
    ) -> Any:
        if call.signed:
            h["HTTP_X_SIMULATOR_SIGNATURE"] = sign(content, at=int(time.time()))
        path = routes.address(call.route, self.things) + query
        client = self.stranger if "HTTP_AUTHORIZATION" in h else self.client  # else its own credentials win
        # Takes bytes too, whatever its stub says.
        return client.generic(call.method.upper(), path, content, content_type=content_type, **h)  # type: ignore[arg-type]

    def status_at_the_door(self, call: Call, content: bytes, content_type: str) -> str:
        """What the server's own handler answers; the test client would fall over some headers itself."""
        statuses: list[str] = []
        environ = {
            "REQUEST_METHOD": call.method.upper(),
            "PATH_INFO": routes.address(call.route, self.things),
            "QUERY_STRING": "limit=1",
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(content)),
            "wsgi.input": io.BytesIO(content),
            "wsgi.errors": io.StringIO(),
            "wsgi.url_scheme": "http",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_AUTHORIZATION": self.authorization,
        }
        request_started.disconnect(close_old_connections)  # it would end the test's transaction
        try:
            Utf8Handler()(environ, lambda status, _headers: statuses.append(status))
        finally:
            request_started.connect(close_old_connections)
        return statuses[0]

    def good(self, call: Call) -> dict[str, Any]:
        return {name: self._good(one) for name, one in (call.body or {}).items() if not one.apart}

    def _good(self, one: Field) -> Any:
        if not one.thing:
            return one.good
        key = str(self.things[one.thing])
        return [key] if isinstance(one.good, list) else key


class Refusals:
    """Collects what was not refused as it should be, so that one run shows all of it."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.before, self.writes = contents(), writes()

    def judge(self, what: Any, response: Any, *, field: str = "", status: tuple[int, ...] = ()) -> None:
        try:
            self._judge(response, field, status)
        except AssertionError as fault:
            self.faults.append(f"{what!r:.100}: {str(fault) or response.content[:200]!r:.300}")
            self.before, self.writes = contents(), writes()

    def _judge(self, response: Any, field: str, status: tuple[int, ...]) -> None:
        assert 400 <= response.status_code < 500, f"{response.status_code} {response.content[:200]!r}"
        assert not status or response.status_code in status, f"{response.status_code} {response.content[:200]!r}"
        body = assert_problem(response, response.status_code)
        assert_tells_nothing(response)
        assert len(body.get("errors", {})) <= MOST_NAMED, f"{len(body['errors'])} errors"
        if field:
            assert response.status_code == HTTPStatus.BAD_REQUEST, response.status_code
            named = {name.partition(".")[0] for name in body.get("errors", {})}
            assert field in named or body["detail"] == "Problem type and description are required", body
        if writes() != self.writes:
            after = contents()
            changed = [name for name in after if after[name] != self.before.get(name)]
            assert changed == [], f"written: {changed}"

    def settle(self) -> None:
        assert self.faults == [], "\n" + "\n".join(self.faults)


def assert_tells_nothing(response: Any) -> None:
    """No stack trace, no query, no secret."""
    said = response.getvalue().decode(errors="replace")
    inner = (
        "Traceback",
        'File "',
        "SELECT ",
        "INSERT INTO",
        "psycopg",
        "_notification ",
        str(django_settings.BASE_DIR),
    )
    for word in (*inner, django_settings.SECRET_KEY, django_settings.SIMULATOR_SECRET, PASSWORD):
        assert word not in said


def names_that_are_read(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Fills up with what serializers and filters look for while a call is served."""
    read: set[str] = set()
    validate, is_valid = serializers.Serializer.run_validation, django_filters.FilterSet.is_valid

    def validated(self: Any, *args: Any, **options: Any) -> Any:
        read.update(name for name, one in self.fields.items() if not one.read_only)
        return validate(self, *args, **options)

    def valid(self: Any) -> Any:
        read.update(self.filters)
        return is_valid(self)

    monkeypatch.setattr(serializers.Serializer, "run_validation", validated)
    monkeypatch.setattr(django_filters.FilterSet, "is_valid", valid)
    return read
