"""Everything that Postgres holds, in one number a table, and whether anything was written."""

from django.db import connection

from tenants.scope import all_tenants


def contents() -> dict[str, tuple[int, int]]:
    """Of every table: how many rows, and a sum over what is in them. Equal before and after: nothing was written."""
    names = connection.introspection.table_names()
    each = [
        f"SELECT '{name}', count(*), coalesce(sum(hashtextextended(one::text, 0)), 0) FROM \"{name}\" AS one"
        for name in names
    ]
    with all_tenants(because="a test looks at everything"), connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(each))
        return {name: (count, int(total)) for name, count, total in cursor.fetchall()}


def writes() -> int:
    """How many rows the transaction that is open has written so far, also where a part of it was taken back: as long
    as it is the same number, `contents` is the same."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_xact_user_tables")
        return int(cursor.fetchone()[0])
