from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from conftest import PASSWORD

LOGIN, REFRESH, LOGOUT, PROFILE = (
    "/api/auth/login/",
    "/api/auth/token/refresh/",
    "/api/auth/logout/",
    "/api/auth/profile/",
)


@pytest.fixture
def login(anonymous: APIClient) -> Callable[..., Any]:
    """POSTs to the login and returns the response."""

    def post(email: str, password: str = PASSWORD, **extra: Any) -> Any:
        return anonymous.post(LOGIN, {"email": email, "password": password}, **extra)

    return post


@pytest.fixture
def tokens(login: Callable[..., Any], member: Any) -> dict[str, str]:
    """`{access, refresh}` of the member's new session."""
    given: dict[str, str] = login("member@acme.test").json()["tokens"]
    return given


@pytest.fixture
def refresh(anonymous: APIClient) -> Callable[[str], Any]:
    """POSTs a refresh token and returns the response."""
    return lambda token: anonymous.post(REFRESH, {"refresh": token})


@pytest.fixture
def logout(anonymous: APIClient) -> Callable[[str], Any]:
    return lambda token: anonymous.post(LOGOUT, {"refresh": token})


@pytest.fixture
def profile_status() -> Callable[[str], int]:
    """The status that an access token gets for the profile."""

    def get(access: str) -> int:
        return APIClient().get(PROFILE, HTTP_AUTHORIZATION=f"Bearer {access}").status_code

    return get
