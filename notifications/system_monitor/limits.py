"""The numbers that checks go by: what somebody decided in the database, else what the environment says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings

from notifications.models import Threshold


@dataclass(frozen=True)
class Limit:
    """One number of a check, as the check declares it."""

    name: str
    """Within the check, such as warning."""
    setting: str
    """The setting that holds its default."""
    title: str
    unit: str
    minimum: int = 0
    maximum: int = 10**9
    per_tenant: bool = False
    why_no_backtest: str = ""
    """Of a limit that no rule of its check is judged by again; see judging.Rule."""

    @property
    def default(self) -> int:
        return int(getattr(settings, self.setting))


@dataclass(frozen=True)
class Limits:
    """What was decided otherwise than the environment, read once a run."""

    decided: Mapping[tuple[str, str], int] = field(default_factory=dict)
    of_tenants: Mapping[tuple[str, str], Mapping[UUID, int]] = field(default_factory=dict)

    def get(self, check: str, limit: Limit) -> int:
        """The platform's number."""
        return self.decided.get((check, limit.name), limit.default)

    def values(self, check: str, limits: Iterable[Limit]) -> dict[str, int]:
        """The platform's numbers, by name."""
        return {limit.name: self.get(check, limit) for limit in limits}

    def by_tenant(self, check: str, limit: Limit) -> Mapping[UUID, int]:
        """Of those tenants that have one of their own."""
        return self.of_tenants.get((check, limit.name), {})


def load() -> Limits:
    """One query for all checks and tenants: only what was ever decided has a row."""
    decided: dict[tuple[str, str], int] = {}
    of_tenants: dict[tuple[str, str], dict[UUID, int]] = {}
    for row in Threshold.objects.all():
        key = (row.check_slug, row.name)
        if row.value is None:
            continue
        if row.tenant_id is None:
            decided[key] = row.value
        else:
            of_tenants.setdefault(key, {})[row.tenant_id] = row.value
    return Limits(decided, of_tenants)
