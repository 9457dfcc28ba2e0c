from typing import Any

from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.authentication import AUTH_HEADER_TYPES

from accounts import openapi, services
from accounts.callers import caller, origin_of
from accounts.models import SignIn
from accounts.reading import read_body
from accounts.serializers import LoginSerializer, RefreshSerializer, UserSerializer
from accounts.throttling import SignInThrottle, typed_email


class AnonymousView(APIView):
    """For calls that bring their credentials in the body; a stale header must not get in their way."""

    permission_classes = [AllowAny]
    authentication_classes: list[Any] = []

    def get_authenticate_header(self, request: Request) -> str:
        return f'{AUTH_HEADER_TYPES[0]} realm="api"'


class LoginView(AnonymousView):
    """POST `{email, password}`."""

    throttle_classes = [SignInThrottle]

    @openapi.SIGN_IN
    def post(self, request: Request) -> Response:
        given = read_body(request, LoginSerializer)
        who = origin_of(request)
        signed_in = services.sign_in(**given, **who, request=request._request)
        if signed_in is None:
            raise AuthenticationFailed("Wrong e-mail or password.", code="wrong_credentials")
        user, tokens = signed_in
        # `user` and `tokens` at the top level and no `success` key: clients unwrap one wrongly.
        return Response({"message": "Login successful", "user": UserSerializer(user).data, "tokens": tokens})

    def throttled(self, request: Request, wait: float) -> None:  # type: ignore[override]
        email = typed_email(request)
        throttled = SignIn.Outcome.THROTTLED
        services.record_attempt(email=email, method=SignIn.Method.TOKEN, outcome=throttled, **origin_of(request))
        raise Throttled(wait, detail="Too many sign-in attempts.")


class RefreshView(AnonymousView):
    """POST `{refresh}`: rotates it."""

    @openapi.REFRESH_TOKENS
    def post(self, request: Request) -> Response:
        given = read_body(request, RefreshSerializer)
        try:
            return Response(services.refresh_tokens(**given))
        except services.RefreshRefused as refused:
            raise AuthenticationFailed(str(refused), code="token_not_valid") from None


class LogoutView(AnonymousView):
    """POST `{refresh}`: the refresh token is the credential, so an expired access token does not keep one in."""

    @openapi.SIGN_OUT
    def post(self, request: Request) -> Response:
        given = read_body(request, RefreshSerializer)
        try:
            services.sign_out(**given)
        except services.RefreshRefused as refused:
            raise AuthenticationFailed(str(refused), code="token_not_valid") from None
        return Response({"success": True, "message": "Signed out"})


class ProfileView(APIView):
    """GET, PATCH: the bare user."""

    @openapi.SHOW_PROFILE
    def get(self, request: Request) -> Response:
        return Response(UserSerializer(caller(request)).data)

    @openapi.CHANGE_PROFILE
    def patch(self, request: Request) -> Response:
        return Response(_changed(request))


class SettingsProfileView(APIView):
    """GET, PUT: the same user in an envelope."""

    @openapi.SHOW_SETTINGS_PROFILE
    def get(self, request: Request) -> Response:
        return Response({"success": True, "data": UserSerializer(caller(request)).data})

    @openapi.CHANGE_SETTINGS_PROFILE
    def put(self, request: Request) -> Response:
        return Response({"success": True, "data": _changed(request)})


def _changed(request: Request) -> dict[str, Any]:
    user = caller(request)
    given = UserSerializer(user, data=request.data, partial=True)
    given.is_valid(raise_exception=True)
    services.change_profile(user=user, changes=given.validated_data)
    return UserSerializer(user).data
