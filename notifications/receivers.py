"""What other rooms announce, turned into what this one does."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_delete, post_save, pre_delete
from django.dispatch import receiver

from accounts.models import User
from accounts.signals import access_changed
from notifications import credit_books, credit_levels, incidents, poll_store
from notifications.changes import inbox_changed
from notifications.models import Announcement, Incident, Notification, WebhookEndpoint
from notifications.models.priority import Priority
from notifications.webhooks import endpoint_disabled, telling
from sms.models import RouteMove
from sms.services.routing import FULL
from sms.signals import Difference, credits_fell, credits_reconciled, provider_moved
from tenants.models import Tenant

#: Notifications go with these, and by which column.
GO_WITH: dict[type[Model], str] = {Tenant: "tenant", Incident: "incident", Announcement: "announcement"}


@receiver(access_changed)
def end_what_was_vouched_for(*, user_id: UUID, **_: Any) -> None:
    """The next poll of each of this person's sessions is judged by Postgres again."""
    transaction.on_commit(lambda: poll_store.forget(user_ids=[user_id], access=True))


@receiver(provider_moved)
def tell_of_provider(*, move: RouteMove, **_: Any) -> None:
    """Traffic that was moved away from a provider is a problem until all of it is back."""
    if move.share_after < move.share_before:
        problem = incidents.Problem(
            kind="provider_failover",
            scope=move.provider,
            priority=Priority.MEDIUM,
            title=f"SMS Service: traffic was moved away from {move.provider}",
            summary=f"{move.reason}. It keeps {move.share_after} % of its traffic.",
            advice="The other routes carry the rest, and it comes back by itself. Ask the carrier what happened.",
            details={"requeued": move.requeued, "share_percent": move.share_after},
        )
        incidents.see_problem(problem=problem, now=move.created_at)
    elif move.share_after == FULL:
        summary = "It has all of its traffic again."
        incidents.end_problem(kind="provider_failover", scope=move.provider, summary=summary, now=move.created_at)


@receiver([post_save, post_delete], sender=User)
def judge_again(*, instance: User, **_: Any) -> None:
    """Whoever saved or deleted a user without the services (the shell, an import) may have changed their access."""
    end_what_was_vouched_for(user_id=instance.pk)


@receiver(pre_delete)
def forget_what_goes_along(*, sender: type[Model], instance: Model, **_: Any) -> None:
    """Whoever deletes what notifications belong to (the shell) takes them out of inboxes."""
    if column := GO_WITH.get(sender):
        theirs = Notification.objects.filter(**{column: instance.pk})
        inbox_changed(user_ids=theirs.values_list("recipient_id", flat=True).distinct())


@receiver(credits_fell)
def warn_of_low_credits(
    *,
    tenant_id: UUID,
    top_up: int,
    percent_before: int,
    percent: int,
    available: int,
    balance_after_top_up: int,
    **_: Any,
) -> None:
    fall = credit_levels.Fall(tenant_id, top_up, percent_before, percent, available, balance_after_top_up)
    credit_levels.tell_of_fall(fall=fall)


@receiver(credits_reconciled)
def see_to_the_books(*, differences: Sequence[Difference], **_: Any) -> None:
    credit_books.see(differences=differences)


@receiver(endpoint_disabled)
def tell_of_disabled_webhook(*, endpoint: WebhookEndpoint, **_: Any) -> None:
    telling.tell_of_disabled(endpoint=endpoint)
