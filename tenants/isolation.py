"""The second lock on tenants' rows: Postgres's row-level security.

The manager (`tenants.models.ScopedManager`) is the first, and raises. This one holds where Django goes around it (base
managers, raw SQL, joins from outside): the app role sees and writes only rows of the tenant that the statement names.
It names it in front of every statement sent while a scope is set, in the same round trip, and for that transaction
only, so nothing survives into the next user of a pooled connection. Without a scope the statement fails.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import migrations
from django.db.backends.base.base import BaseDatabaseWrapper

from tenants.scope import current_scope

EVERYONE = "all"
#: These must also work in a transaction that has failed, where nothing else does.
CONTROL = ("SAVEPOINT", "ROLLBACK", "RELEASE")

#: The named tenant; NULL for all of them. After a transaction that set it, the setting is "" and no longer NULL.
NAMED_TENANT = """
CREATE FUNCTION named_tenant() RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
    named text := current_setting('bellwether.tenant', true);
BEGIN
    IF named IS NULL OR named = '' THEN
        RAISE insufficient_privilege USING MESSAGE = 'a tenant''s rows were asked for outside of any scope';
    END IF;
    RETURN NULLIF(named, 'all')::uuid;
END $$;
"""

# In sub-selects, so that the function is called once a statement and not once a row.
ENABLE = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON {table} USING (
    (SELECT named_tenant()) IS NULL OR tenant_id = (SELECT named_tenant())
);
"""
DISABLE = """
DROP POLICY tenant_isolation ON {table};
ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
"""


class IsolateTenants(migrations.RunSQL):
    """A migration's operation: binds the app role to the named tenant's rows of a table with a `tenant_id`.

    The owner role is not bound: it migrates, and foreign keys are checked in its name.
    """

    def __init__(self, table: str) -> None:
        super().__init__(ENABLE.format(table=table), DISABLE.format(table=table))
        self.table = table

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__name__, [self.table], {})


def _name_tenant(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Django's wrapper around each statement: names the scope's tenant in front of it.

    Two statements in one message are one transaction to Postgres, so SET LOCAL holds for exactly the second. Inside
    a transaction of ours it holds to its end, so there the end of a scope is said as well.
    """
    connection = context["connection"]
    scope = current_scope()
    text = sql if isinstance(sql, str) else sql.as_string(context["cursor"].cursor)
    is_past_scope = scope is None and not (connection.in_atomic_block and getattr(connection, "names_tenant", False))
    if is_past_scope or text.startswith(CONTROL):
        return execute(sql, params, many, context)
    connection.names_tenant = connection.in_atomic_block
    tenant = "" if scope is None else str(scope) if isinstance(scope, UUID) else EVERYONE
    return execute(f"SET LOCAL bellwether.tenant = '{tenant}'; {text}", params, many, context)


def watch_connection(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Receiver of connection_created."""
    if _name_tenant not in connection.execute_wrappers:
        connection.execute_wrappers.append(_name_tenant)
