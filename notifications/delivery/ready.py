"""Which ways out of the house this platform has. One that was not set up tells nobody, and says so."""

from django.conf import settings

from notifications.models import Channel


def lacking(channel: Channel) -> str:
    """Why nothing can go out by this channel, in words for people; "" when it can."""
    if channel == Channel.EMAIL and not settings.EMAIL_IS_SET:
        return "This platform sends no e-mail: no mail server is set up."
    if channel == Channel.SMS and not settings.NOTIFICATION_SMS_TENANT:
        return "This platform sends no notifications by SMS: no account is set up that pays for them."
    return ""
