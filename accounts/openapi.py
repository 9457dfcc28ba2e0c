"""Signing in, and one's own profile, as `/api/schema/` tells of them."""

from rest_framework import serializers

from accounts.describing import Done, Reply, Said, call
from accounts.serializers import LoginSerializer, RefreshSerializer, UserSerializer

TAG = "Sign-in"
#: What a token looks like; these open nothing.
ACCESS = "eyJhbGciOiJIUzI1NiJ9.eyJ0eXBlIjoiYWNjZXNzIn0.c2lnbg"
REFRESH = "eyJhbGciOiJIUzI1NiJ9.eyJ0eXBlIjoicmVmcmVzaCJ9.c2lnbg"
MINE = {"id": "01961f0e-7a3c-7d52-9a41-0c6f8d2b1e77", "name": "Acacia Pharmacy", "slug": "acacia", "role": "owner"}
USER = {
    "id": "01961f0e-8c11-7b0e-8f5d-3a9c1e6b4d20",
    "email": "owner@example.com",
    "first_name": "Olu",
    "last_name": "Owner",
    "full_name": "Olu Owner",
    "short_name": "Olu",
    "phone_number": "+255754123456",
    "timezone": "Africa/Dar_es_Salaam",
    "avatar": "",
    "bio": "",
    "is_verified": False,
    "phone_verified": False,
    "email_notifications": True,
    "sms_notifications": False,
    "is_staff": False,
    "is_superuser": False,
    "tenants": [MINE],
    "tenant": MINE,
    "created_at": "2026-03-01T08:00:00.000Z",
    "updated_at": "2026-03-10T12:00:00.000Z",
    "last_login_at": "2026-03-10T12:00:00.000Z",
}
CHANGES = {"first_name": "Olu", "phone_number": "0754 123 456", "timezone": "Africa/Dar_es_Salaam"}


class TokensReply(Reply):
    access = serializers.CharField()
    refresh = serializers.CharField()


class SignInReply(Reply):
    """No `success` key: clients unwrap one wrongly."""

    message = serializers.CharField()
    user = UserSerializer()
    tokens = TokensReply()


class ProfileReply(Done):
    data = UserSerializer()  # type: ignore[assignment] # the contract's word for it


SIGN_IN = call(
    "signIn",
    "Sign in with e-mail and password",
    tag=TAG,
    body=LoginSerializer,
    given={"email": "owner@example.com", "password": "correct horse battery staple"},
    reply=SignInReply,
    example={"message": "Login successful", "user": USER, "tokens": {"access": ACCESS, "refresh": REFRESH}},
    refusals={401: "Wrong e-mail or password; an unknown address gets the very same reply."},
)
REFRESH_TOKENS = call(
    "refreshTokens",
    "Get new tokens for a refresh token, which is used up by that",
    tag=TAG,
    body=RefreshSerializer,
    given={"refresh": REFRESH},
    reply=TokensReply,
    example={"access": ACCESS, "refresh": REFRESH},
    refusals={401: "The refresh token is broken, used or expired, or its session has ended."},
)
SIGN_OUT = call(
    "signOut",
    "End the session of a refresh token",
    more="Its access tokens stop working at once. Repeating it is fine.",
    tag=TAG,
    body=RefreshSerializer,
    given={"refresh": REFRESH},
    reply=Said,
    example={"success": True, "message": "Signed out"},
    refusals={401: "The refresh token is broken or expired."},
)
SHOW_PROFILE = call("showProfile", "Who I am", tag=TAG, reply=UserSerializer, example=USER)
CHANGE_PROFILE = call(
    "changeProfile",
    "Change my profile",
    more="What is not sent keeps its value. A national phone number is read as one of SMS_DEFAULT_REGION.",
    tag=TAG,
    body=UserSerializer,
    given=CHANGES,
    reply=UserSerializer,
    example=USER,
)
SHOW_SETTINGS_PROFILE = call(
    "showSettingsProfile",
    "Who I am, in an envelope",
    tag=TAG,
    reply=ProfileReply,
    example={"success": True, "data": USER},
)
CHANGE_SETTINGS_PROFILE = call(
    "changeSettingsProfile",
    "Change my profile; the reply is in an envelope",
    more="What is not sent keeps its value.",
    tag=TAG,
    body=UserSerializer(partial=True),
    given=CHANGES,
    reply=ProfileReply,
    example={"success": True, "data": USER},
)
