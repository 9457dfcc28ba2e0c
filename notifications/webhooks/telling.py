"""Who is told that a webhook was disabled by itself."""

from urllib.parse import urlsplit

from accounts.models import User
from notifications.kinds import WebhookDisabled
from notifications.models import Notification, WebhookEndpoint
from notifications.services import notify
from tenants.models import Membership


def tell_of_disabled(*, endpoint: WebhookEndpoint) -> list[Notification]:
    """Tells whom it belongs to, once each time it is disabled: whoever made it, or who may mend it where they are not
    there any more."""
    where = urlsplit(endpoint.url)
    context = {
        "address": f"{where.scheme}://{where.netloc}{where.path}",  # a query may hold somebody's token
        "reason": endpoint.disabled_reason,
        "failures": f" {endpoint.failures} calls in a row failed." if endpoint.failures > 1 else "",
    }
    return notify(
        kind=WebhookDisabled,
        recipients=_responsible(endpoint),
        context=context,
        tenant=endpoint.tenant,
        event=f"{endpoint.pk.hex[-12:]}:{endpoint.disabled_at:%Y%m%d%H%M%S%f}",  # 40 characters at most
        data={"webhook": str(endpoint.pk)} | context,
    )


def _responsible(endpoint: WebhookEndpoint) -> list[User]:
    if endpoint.tenant_id is None:
        may = User.objects.platform_admins()
    else:
        roles = [Membership.Role.OWNER, Membership.Role.ADMIN]
        team = Membership.objects.in_use().filter(tenant=endpoint.tenant_id, role__in=roles)
        may = User.objects.active().filter(pk__in=team.values("user"))
    return list(may.filter(pk=endpoint.owner_id)) or list(may)
