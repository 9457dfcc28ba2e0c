"""What would happen now, and why: the same plan as for a real notification, with the steps that led to it."""

import datetime
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from notifications.categories import named
from notifications.channels import operators
from notifications.delivery.planning import plan
from notifications.delivery.rules import URGENT, Decision, Wishes, in_force, worded
from notifications.kinds import (
    Kind,
    ProblemEscalated,
    ProblemOpened,
    ProblemReopened,
    ProblemReported,
    ProblemResolved,
)
from notifications.models import Channel, WebhookEndpoint
from notifications.models.choice import Column, When
from notifications.models.priority import Priority
from notifications.preferences.wishes import wishes_of
from tenants.models import Membership, Tenant
from tenants.services import current_membership

SENT, HELD, SKIPPED = "sent", "held", "skipped"
#: Told whoever the readers are.
NOBODYS = (Channel.WEBHOOK, Channel.OPERATORS)
#: See outbox.FOR_OPERATORS: what operators are told of a problem, by its kinds. A report counts when it is the first.
FOR_OPERATORS = (ProblemOpened, ProblemReopened, ProblemEscalated, ProblemResolved, ProblemReported)


@dataclass(frozen=True)
class Outcome:
    """What happens on one channel."""

    channel: str
    title: str
    outcome: str
    """sent, held or skipped."""
    due_at: datetime.datetime | None
    """When it is held until."""
    together: str
    """hourly, daily or storm, where it is told together with others."""
    rule: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    user: User
    kind: type[Kind]
    priority: Priority
    tenant: Tenant | None
    at: datetime.datetime
    is_reader: bool
    readers: str
    """Who is told of this kind, and whether this person is one of them, in words."""
    channels: list[Outcome]


def explain(
    *,
    user: User,
    kind: type[Kind],
    tenant: Tenant | None = None,
    priority: Priority | None = None,
    at: datetime.datetime | None = None,
) -> Explanation:
    """What this person would be told of a kind on every channel, were it told at this moment. Writes nothing.

    Without a tenant, the one that this person works in for what only tenants are told, else none. Without a priority,
    the kind's; medium where that is the incident's.
    """
    now = at or timezone.now()
    chosen = priority or kind.priority or Priority.MEDIUM
    if tenant is None and not kind.is_system:
        membership = current_membership(user)
        tenant = membership.tenant if membership else None
    is_reader, readers = _readers(user, kind, tenant)
    category, tenant_id = kind.notification_type, tenant.pk if tenant else None
    outcomes = [_endpoints(category, tenant), _operators(kind, tenant)]
    if user.is_active:
        wishes = wishes_of(user_ids=[user.pk], tenant_id=tenant_id)[user.pk]
        planned = plan(user_ids=[user.pk], tenant_id=tenant_id, category=category, priority=chosen, now=now)
        outcomes = [_inbox(category, chosen, wishes), *(_outcome(one) for one in planned[user.pk]), *outcomes]
    if not is_reader:
        outcomes = [one if one.channel in NOBODYS else _not_told(one, readers) for one in outcomes]
    return Explanation(user, kind, chosen, tenant, now, is_reader, readers, outcomes)


def _readers(user: User, kind: type[Kind], tenant: Tenant | None) -> tuple[bool, str]:
    name = user.full_name or user.email
    if not user.is_active:
        return False, f"{name} is not active and is told nothing."
    if kind.is_for_anybody:
        return True, f"Told to whom its author chose; supposed that {name} is one of them."
    if tenant is None:
        whom, is_one = "the platform's admins", user.is_platform_admin
    else:
        whom, is_one = f"the owners and admins of {tenant.name}", _manages(user, tenant)
    return is_one, f"Told to {whom}; {name} is {'one' if is_one else 'none'} of them."


def _manages(user: User, tenant: Tenant) -> bool:
    roles = [Membership.Role.OWNER, Membership.Role.ADMIN]
    return Membership.objects.in_use().filter(user=user, tenant=tenant, role__in=roles).exists()


def _inbox(category: str, priority: Priority, wishes: Wishes) -> Outcome:
    choice = in_force(category, Column.IN_APP, wishes)
    steps = [worded(category, Column.IN_APP, choice)]
    comes = choice.when != When.OFF
    if not comes and priority in URGENT:
        steps.append("High and critical ones come to the inbox all the same.")
        comes = True
    rule, outcome = " ".join(steps), SENT if comes else SKIPPED
    return Outcome(Column.IN_APP.value, Column.IN_APP.label, outcome, None, "", rule, tuple(steps))


def _outcome(decision: Decision) -> Outcome:
    outcome = SKIPPED if not decision.is_sent else HELD if decision.due_at else SENT
    channel = decision.channel
    return Outcome(
        channel.value, channel.label, outcome, decision.due_at, decision.digest, decision.rule, decision.steps
    )


def _endpoints(category: str, tenant: Tenant | None) -> Outcome:
    """Nobody's choice: programs are told of their tenant's events, or of the platform's."""
    takes = Q(categories=[]) | Q(categories__contains=[category])
    count = WebhookEndpoint.objects.filter(takes, tenant=tenant, is_active=True).count()
    whose = tenant.name if tenant else "the platform"
    words = f"{count} active endpoint{'' if count == 1 else 's'} of {whose} for {named(category)}."
    return Outcome(Channel.WEBHOOK.value, "Webhooks", SENT if count else SKIPPED, None, "", words, (words,))


def _operators(kind: type[Kind], tenant: Tenant | None) -> Outcome:
    is_theirs = kind in FOR_OPERATORS and tenant is None
    count = len(operators.everybody()) if is_theirs else 0
    words = f"{count} of ALERT_URLS and ALERT_EMAILS."
    if not is_theirs:
        words = "Operators are told when a problem of the platform opens, worsens and ends, and of nothing else."
    outcome = SENT if count else SKIPPED
    return Outcome(Channel.OPERATORS.value, Channel.OPERATORS.label, outcome, None, "", words, (words,))


def _not_told(one: Outcome, readers: str) -> Outcome:
    return Outcome(one.channel, one.title, SKIPPED, None, "", readers, (readers,))
