from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from accounts.models import User


def caller(request: Request) -> User:
    """The user behind an authenticated request. Raises NotAuthenticated, should a view have let somebody else in."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user
