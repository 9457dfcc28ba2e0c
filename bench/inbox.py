"""A table full of notifications, the same for every user, and what an unread list of them must say."""

#: One in five of everybody's is unread.
UNREAD_EVERY = 5
TITLE = "SMS Service: the success rate is low"
TEXT = "Words that say what happened. " * 5

# Ids in the order of time, as UUIDv7 are: eight bytes of a counter before random ones. All are two days old, and a
# millisecond apart, so that no "2 days ago" turns into another while it is measured.
ROWS = """
INSERT INTO notifications_notification (id, recipient_id, event, kind, notification_type, priority, status, is_system,
                                        is_auto_generated, title, message, action_text, action_url, data, created_at,
                                        updated_at, read_at)
SELECT (lpad(to_hex(n), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid,
       people.id, '', 'problem_opened', 'system', 'medium',
       CASE WHEN n / %(users)s %% %(unread_every)s = 0 THEN 'unread' ELSE 'read' END, true, true, %(title)s, %(text)s,
       '', '', '{"kind": "sms_service", "scope": "success_rate"}',
       now() - interval '2 days 2 hours' + n * interval '1 millisecond', now(), now()
FROM generate_series(1, %(rows)s) AS n
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM accounts_user) AS people
  ON people.place = n %% %(users)s
"""


def fill(*, rows: int, users: int) -> None:
    """Makes the table anew and deals the rows out to the first so many users; statistics are those of an old table."""
    from django.db import connection

    from config.database import as_owner

    values: dict[str, int | str] = {"rows": rows, "users": users, "unread_every": UNREAD_EVERY}
    values |= {"title": TITLE, "text": TEXT}
    with as_owner(), connection.cursor() as cursor:  # only the owner of a table may truncate and vacuum it
        cursor.execute("TRUNCATE notifications_notification CASCADE")
    with connection.cursor() as cursor:
        cursor.execute(ROWS, values)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE notifications_notification")
