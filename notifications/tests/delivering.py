"""What the tests of delivery share: a mail server, people to write to, and a channel that only counts."""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import User
from notifications.channels import CHANNELS
from notifications.channels.base import Channel, Parcel
from notifications.delivery import dispatch
from notifications.kinds import Kind
from notifications.models import Delivery, Notification, NotificationSettings
from notifications.models.priority import Priority
from notifications.tests.mailserver import MailServer, serving_mail


class Counting(Channel):
    """Takes everything and writes down whom it told; `fails` is raised instead, once each."""

    slug = "email"
    told: list[Parcel] = []
    fails: list[Exception] = []

    def send(self, parcel: Parcel) -> str:
        if self.fails:
            raise self.fails.pop(0)
        self.told.append(parcel)
        return f"ref-{parcel.id}"


@pytest.fixture
def mail(settings: Settings) -> Iterator[MailServer]:
    """A mail server that the platform is told to use."""
    with serving_mail() as server:
        settings.EMAIL_IS_SET = True
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_TIMEOUT = 2
        settings.DEFAULT_FROM_EMAIL = "Bellwether <alerts@bellwether.test>"
        yield server


@pytest.fixture
def counting(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> type[Counting]:
    settings.EMAIL_IS_SET = True
    monkeypatch.setitem(CHANNELS, "email", f"{__name__}.Counting")
    Counting.told, Counting.fails = [], []
    return Counting


def deliver(slug: str = "email") -> dict[str, int]:
    return dispatch.hand_over(slug=slug)


def wants(user: User, **settings: Any) -> User:
    NotificationSettings.objects.update_or_create(user=user, defaults=settings)
    return user


def only(channel: str = "email", **fields: Any) -> Delivery:
    return Delivery.objects.get(channel=channel, **fields)


class Urgent(Kind):
    slug = "urgent"
    notification_type = Notification.Type.SYSTEM
    priority = Priority.HIGH
    title = "$title"
    message = "$message"
