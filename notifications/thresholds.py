"""What is too much or too little, decided by people: the only writer of Threshold and ThresholdChange.

A threshold holds from the monitor's next run on. Every change is kept with who made it and why, and moves a version
by one, so that whoever decided on the ground of an older version is told so.
"""

from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from accounts.models import User
from notifications.models import Threshold, ThresholdChange
from notifications.system_monitor.checks import BY_SLUG
from notifications.system_monitor.checks.base import HealthCheck
from notifications.system_monitor.limits import Limit, Limits
from tenants.models import Tenant

Check = type[HealthCheck]


class UnknownThreshold(Exception):
    """There is no such check, or it has no such limit: `name`, and `text` says what there is."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name, self.text = name, text


class ThresholdRefused(Exception):
    """The value cannot be; `errors` says why, by field."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(f"{field}: {text}")
        self.errors = {field: text}


class StaleVersion(Exception):
    """Somebody changed it meanwhile; `version` is the present one."""

    def __init__(self, version: int) -> None:
        super().__init__(f"It was changed meanwhile: its version is {version} now.")
        self.version = version


def find_check(check: str) -> Check:
    """Raises UnknownThreshold, which says what there is."""
    if check not in BY_SLUG:
        raise UnknownThreshold("check", f"There is no check {check}. There are: {', '.join(BY_SLUG)}.")
    return BY_SLUG[check]


def find(check: str, name: str) -> tuple[Check, Limit]:
    """A check and its limit. Raises UnknownThreshold, which says what there is."""
    of = find_check(check)
    found = {limit.name: limit for limit in of.limits}
    if name not in found:
        raise UnknownThreshold(name, f"{check} has no limit {name}. It has: {', '.join(found)}.")
    return of, found[name]


def set_threshold(
    *,
    check: str,
    name: str,
    value: int,
    actor: User,
    tenant: Tenant | None = None,
    reason: str = "",
    version: int | None = None,
) -> Threshold:
    """Decides a limit for the platform, or for one tenant. Deciding what is decided already changes nothing.

    `version` is the one that the caller saw, 0 where nothing was ever decided; without it the last writer wins.
    Raises UnknownThreshold, ThresholdRefused and StaleVersion.
    """
    of, limit = find(check, name)
    refuse_out_of_range(limit, value, field="value")
    if tenant is not None and not limit.per_tenant:
        raise ThresholdRefused("tenant", f"{check} {name} is the same for all tenants.")
    return _change(of, limit, value, actor=actor, tenant=tenant, reason=reason, version=version)


def reset_threshold(
    *,
    check: str,
    name: str,
    actor: User,
    tenant: Tenant | None = None,
    reason: str = "",
    version: int | None = None,
) -> Threshold:
    """Back to what the environment says; a tenant's, to what holds for the platform. Repeating it is fine.

    Raises UnknownThreshold, ThresholdRefused (its siblings may have been decided in a way that does not go with the
    default) and StaleVersion.
    """
    of, limit = find(check, name)
    return _change(of, limit, None, actor=actor, tenant=tenant, reason=reason, version=version)


def refuse_out_of_range(limit: Limit, value: int, *, field: str) -> None:
    """Raises ThresholdRefused."""
    if not limit.minimum <= value <= limit.maximum:
        raise ThresholdRefused(field, f"Must be from {limit.minimum} to {limit.maximum} {limit.unit}.")


def refuse_disorder(
    check: Check, values: Mapping[str, int], *, changed: Collection[str], field: str = "value", whose: str = ""
) -> None:
    """Raises ThresholdRefused where one of the changed limits is not below the next, as its check wants it.

    `whose` words whose values these are, in front of the sentence.
    """
    for lower, upper in pairwise(check.ascending):
        if values[lower.name] < values[upper.name]:
            continue
        if lower.name in changed:
            text = f"{lower.name} must be below {upper.name} ({values[upper.name]})."
        elif upper.name in changed:
            text = f"{upper.name} must be above {lower.name} ({values[lower.name]})."
        else:
            continue
        raise ThresholdRefused(field, f"{whose}{text}")


def _change(
    check: Check,
    limit: Limit,
    value: int | None,
    *,
    actor: User,
    tenant: Tenant | None,
    reason: str,
    version: int | None,
) -> Threshold:
    with transaction.atomic():
        # One decision at a time, to the end of the transaction: a check's limits are judged together.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('thresholds'))")
        mine = {"tenant": tenant, "check_slug": check.slug, "name": limit.name}
        row = Threshold.objects.filter(**mine).first() or Threshold(**mine, value=None, version=0)
        before, present = row.value, row.version
        if version is not None and version != present:
            raise StaleVersion(present)
        if value == before:
            return row
        row.value, row.version = value, present + 1
        _judge(check, row)
        # The change first: its constraint lets one of two writers of the same version through, whoever they are.
        ThresholdChange.objects.create(
            **mine, before=before, after=value, version=row.version, actor=actor, reason=reason
        )
        row.save()
    return row


def _judge(check: Check, new: Threshold) -> None:
    """For the platform, and for every tenant that has limits of its own beside the platform's."""
    beside = Threshold.objects.filter(check_slug=check.slug).exclude(pk=new.pk).select_related("tenant")
    if new.tenant is not None:
        beside = beside.filter(Q(tenant=None) | Q(tenant=new.tenant))
    rows = [*beside, new]
    decided = {(row.check_slug, row.name): row.value for row in rows if row.tenant is None and row.value is not None}
    values = Limits(decided).values(check.slug, check.limits)
    if new.tenant is None:
        refuse_disorder(check, values, changed=[new.name])
    for tenant, own in _own(rows):
        whose = f"With what {tenant.slug} has of its own, " if new.tenant is None else ""
        refuse_disorder(check, values | own, changed=[new.name], whose=whose)


def _own(rows: list[Threshold]) -> Iterator[tuple[Tenant, dict[str, int]]]:
    tenants: dict[UUID, Tenant] = {}
    own: dict[UUID, dict[str, int]] = {}
    for row in rows:
        if row.tenant is not None:
            tenants[row.tenant.pk] = row.tenant
            mine = own.setdefault(row.tenant.pk, {})
            if row.value is not None:
                mine[row.name] = row.value
    return ((tenants[key], values) for key, values in sorted(own.items()))
