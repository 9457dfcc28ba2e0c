"""How messages ended, for the checks that judge by it: read once a run and window."""

import datetime
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from notifications.system_monitor.checks.base import Context
from sms import counts
from sms.models import Status
from sms.models.states import FAILED

TOP = 10
UNSPECIFIED = "unspecified"
PROVIDER = "provider:"
"""A finding's scope that begins so says that this provider is unreachable."""


@dataclass(frozen=True)
class Ended:
    """How many of the settled messages were delivered."""

    delivered: int = 0
    failed: int = 0

    @property
    def settled(self) -> int:
        return self.delivered + self.failed

    @property
    def share(self) -> float | None:
        """In percent, exact enough to be compared with a whole number however many were settled."""
        return 100 * self.delivered / self.settled if self.settled else None

    @property
    def percent(self) -> float | None:
        """Rounded, so for people only: a rate that rounds up to a threshold is still below it."""
        return None if self.share is None else round(self.share, 1)


def settled_since(context: Context, window: datetime.timedelta) -> list[counts.Count]:
    """What was delivered or failed in the window that ends now."""
    since = context.now - window
    key = (settled_since, since)
    if key not in context.memo:
        context.memo[key] = counts.of_platform(since=since, statuses=(Status.DELIVERED, *FAILED))
    found: list[counts.Count] = context.memo[key]
    return found


def ended(some: Iterable[counts.Count]) -> Ended:
    delivered = failed = 0
    for one in some:
        if one.status == Status.DELIVERED:
            delivered += one.messages
        else:
            failed += one.messages
    return Ended(delivered, failed)


def by_provider(some: Iterable[counts.Count]) -> dict[str, Ended]:
    """By the provider's slug."""
    parts: dict[str, list[counts.Count]] = {}
    for one in some:
        parts.setdefault(one.provider, []).append(one)
    return {provider: ended(part) for provider, part in parts.items()}


def most(some: Iterable[counts.Count], word: Callable[[counts.Count], str], *, name: str) -> dict[str, Any]:
    """The ten words that most messages have, and how many words there are."""
    found: Counter[str] = Counter()
    for one in some:
        found[word(one) or UNSPECIFIED] += one.messages
    # By name where they are as many, so that the same numbers always give the same list.
    top = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:TOP]
    return {f"{name}s": [{name: value, "messages": n} for value, n in top], f"{name}s_total": len(found)}


def unreachable_providers(context: Context) -> frozenset[str]:
    """Those that SMS Service found unreachable in this run."""
    said = context.earlier.get("sms_service")
    scopes = [finding.scope for finding in said.findings] if said else []
    return frozenset(scope.removeprefix(PROVIDER) for scope in scopes if scope.startswith(PROVIDER))


def explained_by(providers: Iterable[str]) -> tuple[str, str]:
    """What a finding follows from that is there only because of these providers."""
    return "sms_service", f"{PROVIDER}{min(providers)}"
