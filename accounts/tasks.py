from celery import shared_task

from accounts import services


@shared_task
def retention() -> dict[str, int]:
    """Deletes refresh tokens that no longer mean anything, old sign-ins and remembered replies; once a day."""
    return {
        "tokens": services.forget_expired_tokens(),
        "sign_ins": services.forget_old_sign_ins(),
        "replies": services.forget_old_replies(),
    }
