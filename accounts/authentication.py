"""Who a request is from, judged by the session behind its access token."""

from typing import Any
from uuid import UUID

from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import InvalidToken
from rest_framework_simplejwt.tokens import Token

from accounts.models import SignIn, User
from accounts.tokens import SESSION_CLAIM


class SessionBoundJWTAuthentication(JWTAuthentication):
    """One query finds the session and its user, so signing out or deactivating ends access tokens at once."""

    def get_validated_token(self, raw_token: bytes) -> Token:
        try:
            return super().get_validated_token(raw_token)
        except InvalidToken:
            raise InvalidToken("The access token is not valid, or has expired.") from None

    def get_user(self, validated_token: Token) -> User:  # type: ignore[override]
        session = self._session(validated_token.get(SESSION_CLAIM))
        if session is None or session.user is None:
            raise AuthenticationFailed("This session has ended. Sign in again.", code="session_ended")
        return session.user

    @staticmethod
    def _session(session_id: Any) -> SignIn | None:
        try:
            key = UUID(str(session_id))
        except ValueError:
            return None
        live = SignIn.objects.filter(ended_at=None, user__is_active=True)
        return live.select_related("user").filter(pk=key).first()
