from celery import shared_task

from accounts import services


@shared_task
def forget_expired_tokens() -> dict[str, int]:
    """Deletes refresh tokens that no longer mean anything; once a day."""
    return {"tokens": services.forget_expired_tokens()}
