"""Whether somebody who was let in still stands as they did: what a connection that stays open asks again."""

import hashlib
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework_simplejwt.tokens import Token

from accounts.models import SignIn, User
from accounts.pages import user_of
from accounts.tokens import SESSION_CLAIM

TOKEN, PAGE = "token", "page"


@dataclass(frozen=True, slots=True)
class Credential:
    """What somebody is signed in by: the session of an access token (its id), or a page's session (its key)."""

    way: str
    key: str = field(repr=False)  # a page's lets in whoever has it

    @property
    def digest(self) -> str:
        """A name for it that lets nobody in."""
        return hashlib.sha256(f"{self.way}:{self.key}".encode(errors="replace")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Standing:
    """Who somebody is, where they work, and whether they run the platform; ids as text, "" for no tenant."""

    user: str
    tenant: str
    is_admin: bool


def credential_of(request: Request) -> Credential:
    """What an authenticated request was let in by."""
    if isinstance(request.auth, Token):
        return Credential(TOKEN, str(request.auth[SESSION_CLAIM]))
    return Credential(PAGE, str(request._request.session.session_key))


def judge(credential: Credential) -> Standing | None:
    """What Postgres says of it now; None when it lets nobody in any more."""
    user = _by_token(credential.key) if credential.way == TOKEN else _by_page(credential.key)
    if user is None:
        return None
    return Standing(str(user.pk), str(user.current_tenant_id or ""), user.is_platform_admin)


def _by_token(key: str) -> User | None:
    live = SignIn.objects.filter(pk=key, ended_at=None, user__is_active=True).select_related("user").first()
    return live.user if live else None


def _by_page(key: str) -> User | None:
    request = HttpRequest()
    request.session = _sessions()(key)
    return user_of(request)


def _sessions() -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore
