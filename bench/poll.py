"""The poll against the floor, unchanged, stored and computed, in a small and in a large inbox table."""

import secrets
from collections.abc import Callable
from statistics import median

import redis

from bench import load
from bench.results import Result

USERS, POLLING = 5_000, 200
SMALL, LARGE = 10_000, 1_000_000
SECONDS, TURNS = 2.0, 5
PATH, FLOOR = "/api/notifications/recent/", "/bench/floor/"

PEOPLE = """
INSERT INTO accounts_user (id, password, is_superuser, email, first_name, last_name, phone_number, timezone, avatar,
                           bio, is_verified, phone_verified, email_notifications, sms_notifications, is_active,
                           is_staff, created_at, updated_at)
SELECT gen_random_uuid(), '!', false, 'user' || n || '@bench.test', 'User', n::text, '', 'UTC', '', '',
       false, false, true, false, true, false, now(), now()
FROM generate_series(1, %s) AS n
"""
# Ids in the order of time, as UUIDv7 are: eight bytes of a counter before random ones.
ROWS = """
INSERT INTO notifications_notification (id, recipient_id, event, kind, notification_type, priority, status, is_system,
                                        is_auto_generated, title, message, action_text, action_url, data, created_at,
                                        updated_at, read_at)
SELECT (lpad(to_hex(n), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid,
       people.id, '', 'problem_opened', 'system', 'medium', CASE WHEN n %% 5 = 0 THEN 'unread' ELSE 'read' END, true,
       true, 'SMS Service: the success rate is low', repeat('Words that say what happened. ', 5), '', '',
       '{"kind": "sms_service", "scope": "success_rate"}', now() - interval '2 days', now(), now()
FROM generate_series(%s, %s) AS n
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM accounts_user) AS people ON people.place = n %% %s
"""


def measure(port: int, say: Callable[[str], None]) -> list[Result]:
    from django.conf import settings
    from django.db import connection

    store = redis.Redis.from_url(settings.REDIS_URL)
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, [USERS])
        say(f"{USERS:,} users; filling the inbox with {SMALL:,} notifications")
        cursor.execute(ROWS, [1, SMALL, USERS])
    _analyze()
    people = _sign_in()
    _warm(port, people)
    small = _ratios(port, people, store, only=("computed",))["computed"]
    with connection.cursor() as cursor:
        say(f"filling it up to {LARGE:,}")
        cursor.execute(ROWS, [SMALL + 1, LARGE, USERS])
    _analyze()
    store.flushdb()
    _warm(port, people)
    found = _ratios(port, people, store)
    growth = median(small) / median(found["computed"])
    return [
        Result("poll_unchanged", median(found["unchanged"]), ">=", 1.1, "304 / floor"),
        Result("poll_stored", median(found["stored"]), ">=", 0.9, "200 from the stored body / floor"),
        Result("poll_computed", median(found["computed"]), ">=", 0.6, f"200 from Postgres, {LARGE:,} rows / floor"),
        Result("poll_growth", growth, "<=", 1.2, f"computed at {SMALL:,} rows / at {LARGE:,} rows"),
    ]


def _analyze() -> None:
    """What autovacuum does in time; only the owner of a table may."""
    from django.db import connection

    from config.database import as_owner

    with as_owner(), connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE notifications_notification")


def _sign_in() -> list[tuple[str, str]]:
    """Some users with an access token each."""
    from accounts import services
    from accounts.models import SignIn, User
    from accounts.tokens import SessionRefreshToken

    people = []
    for user in User.objects.order_by("pk"):
        session = services.record_success(user=user, method=SignIn.Method.TOKEN, address=None, user_agent="bench")
        people.append((str(user.pk), str(SessionRefreshToken.for_session(session).access_token)))
    return people


def _warm(port: int, people: list[tuple[str, str]]) -> None:
    """Everybody polls once, so that their sessions are known and their bodies stored."""
    connection = load.Connection(port)
    for _, token in people:
        connection.ask(load.request(PATH, token))
    connection.close()


def _ratios(
    port: int, people: list[tuple[str, str]], store: "redis.Redis", *, only: tuple[str, ...] = ()
) -> dict[str, list[float]]:
    """Each way's replies a second, divided by the floor's of the same turn."""
    ways = {name: way for name, way in _ways(port, people, store).items() if not only or name in only}
    floor = _floor(people)
    found: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(TURNS + 1):
        _warm(port, people[:POLLING])
        base = load.per_second(port, seconds=SECONDS, prepare=floor)
        for name, way in ways.items():
            if name == "computed":  # the last of a turn: nothing is stored any more after it
                _change_every_inbox(people, store)
            speed = load.per_second(port, seconds=SECONDS, prepare=way)
            if turn:  # the first one warms up
                found[name].append(speed / base)
    return found


def _change_every_inbox(people: list[tuple[str, str]], store: "redis.Redis") -> None:
    """What inbox_changed does, for everybody."""
    moved = store.pipeline(transaction=False)
    for user, _ in people:
        moved.set(f"inbox:{user}", secrets.token_hex(8))
    moved.execute()


def _floor(people: list[tuple[str, str]]) -> Callable[[int, int], load.Request]:
    raw = [(load.request(FLOOR, token), b"200") for _, token in people[:POLLING]]
    return lambda client, turn: raw[(client * 31 + turn) % len(raw)]


def _ways(
    port: int, people: list[tuple[str, str]], store: "redis.Redis"
) -> dict[str, Callable[[int, int], load.Request]]:
    connection = load.Connection(port)
    plain = [load.request(PATH, token) for _, token in people]
    same = []
    for _, token in people[:POLLING]:
        _, head, _ = connection.ask(load.request(PATH, token))
        etag = next(line[6:] for line in head.decode().split("\r\n") if line.lower().startswith("etag: "))
        same.append(load.request(PATH, token, etag))
    connection.close()

    def unchanged(client: int, turn: int) -> load.Request:
        return same[(client * 31 + turn) % len(same)], b"304"

    def stored(client: int, turn: int) -> load.Request:
        return plain[(client * 31 + turn) % POLLING], b"200"

    def computed(client: int, turn: int) -> load.Request:
        # Nobody twice: every inbox has changed since its owner's last poll.
        each = len(people) // load.CLIENTS
        assert turn < each, "Faster than there are people: raise USERS."
        return plain[client * each + turn], b"200"

    return {"unchanged": unchanged, "stored": stored, "computed": computed}
