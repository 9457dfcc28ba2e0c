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

    def rates(self, var: str) -> dict[str, float]:
        """`slug:number`, with commas. Raises ImproperlyConfigured."""
        given = [item.partition(":") for item in self.list(var, default=[])]
        try:
            return {slug: float(rate) for slug, _, rate in given}
        except ValueError as error:
            raise ImproperlyConfigured(f"{var}: {error}. Write slug:number, with commas.") from error
