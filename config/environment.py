"""The environment, which says which of its variables is wrong."""

from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured


class Environment(environ.Env):  # type: ignore[misc]
    def get_value(self, var: str, *args: Any, **kwargs: Any) -> Any:
        """Raises ImproperlyConfigured."""
        try:
            return super().get_value(var, *args, **kwargs)
        except ValueError as error:
            raise ImproperlyConfigured(f"{var}: {error}.") from error

    def percent(self, var: str, *, default: int) -> int:
        """Raises ImproperlyConfigured."""
        given: int = self.int(var, default=default)
        if not 0 <= given <= 100:
            raise ImproperlyConfigured(f"{var}: {given} is no percentage from 0 to 100.")
        return given

    def postgres(self, var: str) -> dict[str, Any]:
        """Raises ImproperlyConfigured."""
        if not self.str(var).startswith(("postgres://", "postgresql://")):
            raise ImproperlyConfigured(f"{var}: Write postgres://user:password@host:5432/name.")
        found: dict[str, Any] = self.db(var)
        return found

    def mail_server(self, var: str) -> dict[str, Any]:
        """Raises ImproperlyConfigured."""
        try:
            found: dict[str, Any] = self.email_url(var, default="smtp://localhost:25")
        except ImproperlyConfigured as error:
            raise ImproperlyConfigured(f"{var}: Write smtp+tls://user:password@host:587.") from error
        return found

    def addresses(self, var: str) -> list[str]:
        """With commas. What is wrong is not repeated: it may hold a secret. Raises ImproperlyConfigured."""
        found: list[str] = self.list(var, default=[])
        for number, one in enumerate(found, start=1):
            if "://" not in one:
                words = "Write addresses such as slack://token, with commas between them and %2C within."
                raise ImproperlyConfigured(f"{var}: Address {number} of {len(found)} is none. {words}")
        return found

    def rates(self, var: str) -> dict[str, float]:
        """`slug:number`, with commas. Raises ImproperlyConfigured."""
        given = [item.partition(":") for item in self.list(var, default=[])]
        try:
            return {slug: float(rate) for slug, _, rate in given}
        except ValueError as error:
            raise ImproperlyConfigured(f"{var}: {error}. Write slug:number, with commas.") from error
