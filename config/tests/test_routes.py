"""Conventions that hold for every route, also for those that are added later."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from accounts.models import User
from conftest import signed_in
from notifications.models import Notification

#: Who brings credentials in the body, or a signature: these answer strangers, but let none in.
OPEN = {"api/auth/login/", "api/auth/token/refresh/", "api/auth/logout/", "api/sms/receipts/<slug:provider>/"}
METHODS = ("get", "post", "put", "patch", "delete")
ADMINS_ONLY = ("api/notifications/system/", "api/notifications/templates/", "api/sms/top-ups/")


def _routes(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and route.startswith("api/"):
            yield route


ROUTES = sorted(set(_routes()))
MINE_ONLY = [route for route in ROUTES if "<" in route and route not in OPEN and not route.startswith(ADMINS_ONLY)]


def _address(route: str) -> str:
    parts = [
        "simulator" if part.startswith("<slug") else str(uuid4()) if part.startswith("<") else part
        for part in route.split("/")
    ]
    return "/" + "/".join(parts)


def _call(client: APIClient, method: str, route: str) -> int:
    return int(getattr(client, method)(_address(route), {} if method != "get" else None).status_code)


def test_the_routes_are_found() -> None:
    assert "api/notifications/recent/" in ROUTES
    assert set(ROUTES) >= OPEN


@pytest.mark.django_db
@pytest.mark.parametrize("route", [route for route in ROUTES if route not in OPEN])
def test_it_refuses_the_anonymous_whatever_the_method(route: str, anonymous: APIClient) -> None:
    assert {_call(anonymous, method, route) for method in METHODS} == {401}


@pytest.mark.django_db
@pytest.mark.parametrize("route", sorted(OPEN))
def test_what_is_open_still_lets_nobody_in(route: str, anonymous: APIClient) -> None:
    answers = {method: _call(anonymous, method, route) for method in METHODS}
    assert answers.pop("post") in (400, 401, 403)
    assert set(answers.values()) == {405}


@pytest.mark.django_db
@pytest.mark.parametrize("route", [route for route in ROUTES if route.startswith(ADMINS_ONLY)])
def test_admin_calls_refuse_members_and_owners(route: str, member: User, owner: User) -> None:
    for user in (member, owner):
        answers = {_call(signed_in(user), method, route) for method in METHODS}
        assert answers <= {403, 405}
        assert 403 in answers


@pytest.mark.django_db
@pytest.mark.parametrize("route", MINE_ONLY)
def test_what_is_not_mine_does_not_exist(route: str, outsider: User) -> None:
    answers = {_call(signed_in(outsider), method, route) for method in METHODS}
    assert answers <= {404, 405}
    assert 404 in answers


@pytest.mark.django_db
def test_a_strangers_notification_does_not_exist_and_stays_as_it_was(owner: User, outsider: User) -> None:
    mine = Notification.objects.create(recipient=owner, kind="x", notification_type="info", title="Mine", message="")
    response = signed_in(outsider).post(f"/api/notifications/{mine.pk}/mark-read/")
    assert response.status_code == 404
    mine.refresh_from_db()
    assert mine.status == "unread"


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["x", "00000000-0000-0000-0000-00000000000", "%00"])
def test_a_malformed_id_is_404(text: str, owner: User) -> None:
    assert signed_in(owner).post(f"/api/notifications/{text}/mark-read/").status_code == 404
