"""Constraints decide who came first; their names say what to tell whoever came second."""

import psycopg2
from django.db import IntegrityError


def broken_constraint(error: IntegrityError) -> str | None:
    """Its name, where Postgres says it."""
    cause = error.__cause__
    return cause.diag.constraint_name if isinstance(cause, psycopg2.Error) else None
