"""Run in the peer's own virtualenv: its tables, as many users and notifications as ours, and a session for each user.

Takes those numbers and texts as JSON on standard input; writes the session keys, in the order of the users, as JSON.
"""

import json
import sys

import django
from django.core.management import call_command
from django.db import connection, transaction

PEOPLE = """
INSERT INTO auth_user (password, is_superuser, username, first_name, last_name, email, is_staff, is_active,
                       date_joined)
SELECT '!', false, 'user' || n, 'User', n::text, 'user' || n || '@bench.test', false, true, now()
FROM generate_series(1, %(users)s) AS n
"""
# What notify.send(actor, recipient=..., verb=..., description=...) stores: another user did something.
ROWS = """
INSERT INTO notifications_notification (level, recipient_id, unread, actor_content_type_id, actor_object_id, verb,
                                        description, timestamp, public, deleted, emailed)
SELECT 'info', people.id, n / %(users)s %% %(unread_every)s = 0, %(type)s, %(actor)s, %(title)s, %(text)s,
       now() - interval '2 days 2 hours' + n * interval '1 millisecond', true, false, false
FROM generate_series(1, %(rows)s) AS n
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM auth_user) AS people
  ON people.place = n %% %(users)s
"""


def main() -> None:
    django.setup()
    from django.contrib.auth.models import User
    from django.contrib.contenttypes.models import ContentType

    call_command("migrate", verbosity=0)
    values = json.load(sys.stdin)
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, values)
        actor = User.objects.earliest("pk")
        values |= {"type": ContentType.objects.get_for_model(actor).pk, "actor": str(actor.pk)}
        cursor.execute(ROWS, values)
        cursor.execute("VACUUM ANALYZE")
    json.dump(sign_in(User.objects.order_by("pk")), sys.stdout)


def sign_in(users) -> list[str]:
    """What django.contrib.auth.login leaves in the session table; returns the keys that its cookies would hold."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    keys = []
    with transaction.atomic():
        for user in users:
            session = SessionStore()
            session[SESSION_KEY] = str(user.pk)
            session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
            session[HASH_SESSION_KEY] = user.get_session_auth_hash()
            session.create()
            session.save()
            keys.append(session.session_key)
    return keys


if __name__ == "__main__":
    main()
