"""What other rooms announce, turned into what this one does."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from accounts.models import User
from accounts.signals import access_changed
from notifications import poll_store


@receiver(access_changed)
def end_what_was_vouched_for(*, user_id: UUID, **_: Any) -> None:
    """The next poll of each of this person's sessions is judged by Postgres again."""
    transaction.on_commit(lambda: poll_store.forget(user_ids=[user_id], names=("access", "inbox")))


@receiver([post_save, post_delete], sender=User)
def judge_again(*, instance: User, **_: Any) -> None:
    """Whoever saved or deleted a user without the services (the shell, an import) may have changed their access."""
    end_what_was_vouched_for(user_id=instance.pk)
