from django.contrib.auth.models import AbstractBaseUser

from accounts import services
from accounts.models import User


class EndSessionsOnChange:
    """Listed among AUTH_PASSWORD_VALIDATORS for its second method: Django calls it whenever a password was set."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Every password will do, as far as this is concerned."""

    def password_changed(self, password: str, user: AbstractBaseUser | None = None) -> None:
        if isinstance(user, User):
            services.end_sessions(user=user, because="password changed")

    def get_help_text(self) -> str:
        return "Changing the password signs you out everywhere else."
