"""Refresh and access tokens that belong to a session (a successful SignIn)."""

from typing import Self

from django.utils import timezone
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.utils import datetime_from_epoch

from accounts.models import SignIn

SESSION_CLAIM = "sid"


class SessionRefreshToken(RefreshToken):
    """A refresh token whose access tokens carry the id of their session, so that ending it ends them at once."""

    @classmethod
    def for_session(cls, session: SignIn) -> Self:
        """Issues and registers a token. Only its id is stored, never the token, which would be a key at rest."""
        token = cls()
        token[api_settings.USER_ID_CLAIM] = str(session.user_id)
        token[SESSION_CLAIM] = str(session.pk)
        OutstandingToken.objects.create(
            user_id=session.user_id,
            jti=token["jti"],
            token="",
            created_at=timezone.now(),
            expires_at=datetime_from_epoch(token["exp"]),
        )
        return token

    def check_blacklist(self) -> None:
        """Left to `services.refresh_tokens`, which reads the list under a row lock."""

    def pair(self) -> dict[str, str]:
        return {"access": str(self.access_token), "refresh": str(self)}
