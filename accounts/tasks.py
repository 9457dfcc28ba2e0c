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


@shared_task
def count_sign_ins() -> dict[str, int]:
    """Sums up the hours that are over; running it twice or not at all changes no sum that is read."""
    return {"counts": services.count_sign_ins()}
