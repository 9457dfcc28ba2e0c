"""What other rooms announce, turned into what this one does."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from accounts.models import User
from accounts.signals import access_changed
from notifications import credit_books, credit_levels, poll_store
from sms.signals import Difference, credits_fell, credits_reconciled


@receiver(access_changed)
def end_what_was_vouched_for(*, user_id: UUID, **_: Any) -> None:
    """The next poll of each of this person's sessions is judged by Postgres again."""
    transaction.on_commit(lambda: poll_store.forget(user_ids=[user_id], names=("access", "inbox")))


@receiver([post_save, post_delete], sender=User)
def judge_again(*, instance: User, **_: Any) -> None:
    """Whoever saved or deleted a user without the services (the shell, an import) may have changed their access."""
    end_what_was_vouched_for(user_id=instance.pk)


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
