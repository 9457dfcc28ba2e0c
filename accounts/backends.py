from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts.models import User


class EmailBackend(ModelBackend):
    """Django's own, for addresses written in any case, and deaf to the demo's password outside of the demo."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        email = (username or kwargs.get("email") or "").strip().lower()
        user = super().authenticate(request, username=email, password=password)
        if password == settings.DEMO_PASSWORD and not settings.DEMO:
            return None
        return user if isinstance(user, User) else None
