"""Ways to reach people outside of this platform: one file each. Adding one means a file and a line here."""

from django.utils.module_loading import import_string

from notifications.channels.base import Channel

#: By name, so that a channel may know of services that know of the outbox.
CHANNELS = {
    "email": "notifications.channels.email.Email",
    "sms": "notifications.channels.sms.Sms",
    "webhook": "notifications.channels.webhook.Webhook",
    "operators": "notifications.channels.alerts.Operators",
}


def get_channel(slug: str) -> Channel:
    """Raises KeyError."""
    channel: type[Channel] = import_string(CHANNELS[slug])
    return channel()
