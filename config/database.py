"""Two roles, one database: the owner migrates, the app serves.

The app role may read and write rows but neither alter a table nor TRUNCATE one, so a fault in the web process cannot
drop what it stores, and the row-level security of the tables binds it.
"""

import contextlib
from collections.abc import Iterator

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from psycopg2 import sql

#: Not the name: both roles use one database, and the test runner changes it to that of its own.
WHO = ("USER", "PASSWORD", "HOST", "PORT")


@contextlib.contextmanager
def as_owner() -> Iterator[None]:
    """Reconnects the default connection as the owner role for the length of a block.

    Not to be used inside a transaction: the connection is closed on the way in and out.
    Raises ImproperlyConfigured when DATABASE_URL is set without DATABASE_OWNER_URL.
    """
    owner = settings.DATABASE_OWNER
    if owner is None:
        raise ImproperlyConfigured(
            "DATABASE_URL is the role that serves. Set DATABASE_OWNER_URL to the role that owns the tables and "
            "migrates them (docs/configuration.md)."
        )
    served = {key: connection.settings_dict[key] for key in WHO}
    connection.close()
    connection.settings_dict.update({key: owner[key] for key in WHO})
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(served)


def grant_to_app_role() -> None:
    """Lets the app role use all that the current (owner) role makes in this database from now on.

    Default privileges, so that a table has its grants from the moment it exists and a migration can take some back.
    """
    app = settings.DATABASE_APP_ROLE
    if not app or app == connection.settings_dict["USER"]:
        return
    statements = (
        "GRANT USAGE ON SCHEMA public TO {app}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {app}",
    )
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(sql.SQL(statement).format(app=sql.Identifier(app)))
