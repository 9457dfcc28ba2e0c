"""Which tenant's rows the running code may see.

A ContextVar, set and reset in `try/finally`: server threads are reused, and a value left behind would be the next
request's. Without a scope every query of a TenantScoped model raises, so that the one that forgot it is found at once.
"""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from uuid import UUID


class TenantScopeMissing(RuntimeError):
    """A tenant's rows were asked for outside of any scope."""


class Everyone:
    """The scope that sees all tenants. Only `all_tenants` hands it out."""


_scope: ContextVar[UUID | Everyone | None] = ContextVar("tenant_scope", default=None)


def current_scope() -> UUID | Everyone | None:
    """Whose rows queries see here; None is no scope at all, where every query raises."""
    return _scope.get()


@contextlib.contextmanager
def tenant_scope(tenant_id: UUID | None) -> Iterator[None]:
    """Only this tenant's rows; None is no scope at all, where every query raises."""
    token = _scope.set(tenant_id)
    try:
        yield
    finally:
        _scope.reset(token)


@contextlib.contextmanager
def all_tenants(*, because: str) -> Iterator[None]:
    """Rows of every tenant, for the platform's own work. `because` is for the reader of the code."""
    if not because:
        raise ValueError("Say why this code may see the rows of every tenant.")
    token = _scope.set(Everyone())
    try:
        yield
    finally:
        _scope.reset(token)


def enter_scope(tenant_id: UUID | None) -> None:
    """Sets the scope for the rest of a request; TenantScopeMiddleware takes it back at the end."""
    _scope.set(tenant_id)
