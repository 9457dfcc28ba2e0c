"""People and tenants by what an admin types: an e-mail address, a slug, an id."""

from accounts.fields import to_uuid
from accounts.models import User
from tenants.models import Tenant


class NotFound(Exception):
    """There is none."""


def user(text: str) -> User:
    """By id or e-mail address. Raises NotFound."""
    key = to_uuid(text)
    text = _storable(text)
    found = User.objects.filter(pk=key) if key else User.objects.filter(email=text.strip().lower())
    one: User | None = found.first()
    if one is None:
        raise NotFound(f"There is no user {text[:100]}.")
    return one


def tenant(text: str) -> Tenant:
    """By id or slug. Raises NotFound."""
    key = to_uuid(text)
    text = _storable(text)
    found = Tenant.objects.filter(pk=key) if key else Tenant.objects.filter(slug=text)
    if (one := found.first()) is None:
        raise NotFound(f"There is no tenant {text[:100]}.")
    return one


def _storable(text: str) -> str:
    """Postgres refuses to compare anything with NUL."""
    return text.replace("\0", " ")
