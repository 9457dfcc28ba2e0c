"""An outage of the SMS provider reaches people by every other channel, and by SMS through the other provider only."""

import warnings

import pytest
from pytest_django import Settings

from accounts.models import User
from notifications.models import Incident, Notification
from notifications.system_monitor import monitor
from notifications.tests.delivering import deliver, mail, wants
from notifications.tests.mailserver import MailServer
from notifications.tests.receivers import receiving
from sms import services as sms
from sms.models import Message
from sms.providers.base import Temporary
from sms.tests.helpers import Carrier
from sms.tests.test_routing import First, two
from tenants.models import Tenant

__all__ = ["mail", "two"]


@pytest.mark.django_db
@pytest.mark.usefixtures("platform")
def test_its_incident_reaches_admins_and_operators_and_never_through_it(
    mail: MailServer,
    two: None,
    admin: User,
    tenant: Tenant,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(self: Carrier) -> None:
        raise Temporary("no answer")

    monkeypatch.setattr(First, "check_reachable", away)
    settings.NOTIFICATION_SMS_TENANT = tenant.slug
    sms.top_up(tenant_id=tenant.pk, credits=10)
    User.objects.filter(pk=admin.pk).update(phone_number="+255754123456", phone_verified=True)
    wants(admin, sms_notifications_enabled=True)
    settings.ALERT_TIME_LIMIT = settings.ALERT_TIME_LIMIT * 10
    settings.ALERT_EMAILS = ["night@acme.test"]
    with receiving() as receiver, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a module that Apprise looks at for its pictures
        settings.ALERT_URLS = [receiver.alert_url]
        monitor.check_health()
        incident = Incident.objects.get(kind="sms_service", scope="provider:first")
        for channel in ("email", "sms", "operators"):
            deliver(channel)
    about = {"recipient": admin, "incident": incident}
    assert Notification.objects.filter(**about).exists()
    assert (f"incident-{incident.pk}", "failure") in receiver.alerts
    assert {admin.email, "night@acme.test"} <= {one.recipient for one in mail.taken}
    texts = [one for one in Message.objects.all() if one.text.startswith(incident.title[:20])]
    assert {one.provider for one in texts} == {"second"}
    assert all(one.recipient == "+255754123456" for one in texts)
