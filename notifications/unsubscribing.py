"""Links by which somebody ends e-mail of one category without signing in: the link itself says who and what."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core import signing

from accounts.models import User
from notifications import preferences
from notifications.models import Notification

SALT = "notifications.unsubscribe"


@dataclass(frozen=True)
class Wish:
    user: User
    category: str

    @property
    def category_name(self) -> str:
        return Notification.Type(self.category).label


class BadLink(Exception):
    """It was not made here, or whom it is about is gone."""


def link(*, user_id: UUID, category: str) -> str:
    """Good for as long as SECRET_KEY is: mail is read years later."""
    token = signing.dumps([str(user_id), category], salt=SALT)
    return f"{settings.PUBLIC_URL}/unsubscribe/{token}/"


def read(token: str) -> Wish:
    """Raises BadLink."""
    try:
        user_id, category = signing.loads(token, salt=SALT)
        return Wish(User.objects.get(pk=user_id), Notification.Type(category).value)
    except (signing.BadSignature, ValueError, User.DoesNotExist):
        raise BadLink from None


def follow(wish: Wish) -> None:
    """Ends it; repeating it is fine."""
    preferences.switch_off_email(user_id=wish.user.pk, category=wish.category)
