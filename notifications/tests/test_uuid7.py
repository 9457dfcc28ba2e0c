"""Ids of rows that are made in SQL."""

import time
from uuid import UUID

from django.db import connection
from uuid_utils.compat import uuid7


def _made_in_sql(count: int = 1) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT uuid7() FROM generate_series(1, %s)", [count])
        return [key for (key,) in cursor.fetchall()]


def test_an_id_made_in_sql_is_a_uuid_of_version_7_and_of_now(db: None) -> None:
    before = time.time_ns() // 1_000_000
    (key,) = _made_in_sql()
    after = time.time_ns() // 1_000_000
    assert (key.version, key.variant) == (7, "specified in RFC 4122")
    assert before <= key.int >> 80 <= after


def test_ids_of_sql_and_of_python_order_as_they_were_made(db: None) -> None:
    keys: list[UUID] = []
    for _ in range(20):
        keys.append(uuid7())
        time.sleep(0.002)  # within a millisecond it is chance
        keys += _made_in_sql()
        time.sleep(0.002)
    assert keys == sorted(keys)


def test_ids_of_one_statement_differ_and_their_chance_is_spread(db: None) -> None:
    keys = _made_in_sql(20_000)
    assert len(set(keys)) == 20_000
    chance = (1 << 76) - 1 ^ (0b11 << 62)  # all but the time, the version and the variant
    ones = zeros = 0
    for key in keys:
        ones, zeros = ones | key.int & chance, zeros | ~key.int & chance
    assert ones == zeros == chance
