"""A platform of ten thousand tenants, whose messages are dealt out to all of them over a month.

Filled with SQL, and with the triggers on that count messages.
"""

from typing import Any

TENANTS, USERS, NOTIFICATIONS = 10_000, 50_000, 1_000_000
DAYS = 30
#: Inserted by one statement.
CHUNK = 100_000

# A UUIDv7 of the row's moment, with its number for what is random in one.
ID = "(lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '70008' || lpad(to_hex(n), 15, '0'))::uuid"

TENANT = """
INSERT INTO tenants_tenant (id, name, slug, timezone, created_at)
SELECT gen_random_uuid(), 'Tenant ' || n, 'tenant-' || n, 'UTC', now() FROM generate_series(1, %(tenants)s) AS n
"""
# A few in each band, and most of them well.
ACCOUNT = """
INSERT INTO sms_creditaccount (tenant_id, available, reserved, balance_after_last_top_up, last_top_up_at, top_ups,
                               lowest_available, lowest_before, is_unlimited, refunds)
SELECT id, left_over, 0, 1000, now() - interval '1 day', 1, left_over, left_over, n %% 50 = 1, 'failed'
FROM (SELECT id, n, CASE WHEN n %% 20 = 0 THEN n %% 250 ELSE 500 END AS left_over
      FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM tenants_tenant) AS tenant) AS account
"""
ENTRY = f"""
INSERT INTO sms_creditentry (id, tenant_id, kind, reference, available_delta, reserved_delta, note, created_at)
SELECT {ID}, tenant_id, 'settle', n::text, 0, -1, '', at
FROM (SELECT n, now() - n * interval '1 second' * 86400 / %(entries)s AS at FROM generate_series(1, %(entries)s) AS n)
     AS entry JOIN (SELECT tenant_id, row_number() OVER (ORDER BY available, tenant_id) - 1 AS place
                    FROM sms_creditaccount) AS account ON place = n %% %(tenants)s
"""  # noqa: S608 (a constant of ours is all that is put in)
PEOPLE = """
INSERT INTO accounts_user (id, password, is_superuser, email, first_name, last_name, phone_number, timezone, avatar,
                           bio, is_verified, phone_verified, email_notifications, sms_notifications, is_active,
                           is_staff, last_login, last_seen_at, created_at, updated_at)
SELECT gen_random_uuid(), '!', false, 'user' || n || '@bench.test', 'User', n::text, '', 'UTC', '', '',
       false, false, true, false, true, false, now() - n %% 60 * interval '1 day', now() - n %% 45 * interval '1 day',
       now() - interval '1 year', now()
FROM generate_series(1, %(users)s) AS n
"""
# One attempt a person and day; one in ten of them fails.
SIGN_IN = """
INSERT INTO accounts_signin (id, email, method, outcome, user_agent, ended_because, created_at)
SELECT gen_random_uuid(), 'user@bench.test', 'page', CASE WHEN n %% 10 = 0 THEN 'refused' ELSE 'success' END, '', '',
       now() - n * interval '9 days' / (%(users)s * 9) FROM generate_series(1, %(users)s * 9) AS n
"""
NOTE = f"""
INSERT INTO notifications_notification (id, recipient_id, event, kind, notification_type, priority, status, is_system,
                                        is_auto_generated, title, message, action_text, action_url, data, created_at,
                                        updated_at, read_at)
SELECT {ID}, recipient, '', 'problem_opened', 'system', 'medium', 'read', true, true, 'A title', 'Words', '', '',
       '{{}}', at, at, at + n %% 40 * interval '1 hour'
FROM (SELECT n, now() - n * interval '1 day' * %(days)s / %(notifications)s AS at
      FROM generate_series(1, %(notifications)s) AS n) AS moment
JOIN (SELECT id AS recipient, row_number() OVER () - 1 AS place FROM accounts_user) AS person
  ON place = n %% %(users)s
"""  # noqa: S608 (a constant of ours is all that is put in)
# In batches of twenty, each of one tenant, minute and provider. Of a thousand messages 960 were delivered, 30 failed
# in three ways for four reasons, 3 are on their way, 4 are scheduled for next week, 3 have a carrier with time left.
# When a batch was sent follows no pattern that the numbers have: each part of the month has its share at each size.
MESSAGE = f"""
INSERT INTO sms_message (id, tenant_id, recipient, sender_id, text, segments, traffic, status, status_changed_at,
                         failure_reason, error_code, credits, provider, provider_message_id, attempts,
                         next_attempt_at, submitted_at, deliver_before, created_at)
SELECT {ID}, tenant_id, '+255754' || lpad((n %% 1000000)::text, 6, '0'), 'ACME', 'Hello', 1, 'transactional',
       CASE WHEN part < 960 THEN 'delivered' WHEN part < 970 THEN 'undelivered' WHEN part < 980 THEN 'rejected'
            WHEN part < 990 THEN 'expired' WHEN part < 993 THEN 'submitted' WHEN part < 997 THEN 'queued'
            ELSE 'sent' END,
       CASE WHEN part BETWEEN 990 AND 992 THEN now() - share * interval '30 minutes' ELSE at END,
       CASE WHEN part BETWEEN 960 AND 989
            THEN (ARRAY['absent_subscriber', 'blocked_by_operator', 'network_congestion', 'no_route'])[1 + n %% 4]
            ELSE '' END,
       '', 1, (ARRAY['simulator', 'carrier', 'other'])[1 + batch %% 3], '', 1,
       CASE WHEN part BETWEEN 993 AND 996 THEN now() + interval '7 days' END,
       CASE WHEN part < 993 THEN at - batch %% 100 * interval '1 second' END,
       CASE WHEN part >= 997 THEN now() + interval '3 days' END, at - interval '5 minutes'
FROM (SELECT n, batch, tenant_id, share, (hashint8(n)::bigint & 1048575) %% 1000 AS part,
             date_trunc('minute', now() - share * interval '1 day' * %(days)s) + n %% 20 * interval '1 second' AS at
      FROM (SELECT n, n / 20 AS batch, (hashint8extended(n / 20, 1) & 1048575) / 1048576.0 AS share
            FROM generate_series(%(first)s::bigint, %(last)s) AS n) AS one
      JOIN (SELECT id AS tenant_id, row_number() OVER (ORDER BY id) - 1 AS place FROM tenants_tenant) AS tenant
        ON place = batch %% %(tenants)s) AS message
"""  # noqa: S608 (a constant of ours is all that is put in)


def fill_people() -> None:
    values = {"tenants": TENANTS, "users": USERS, "notifications": NOTIFICATIONS, "days": DAYS}
    _execute(TENANT, ACCOUNT, PEOPLE, SIGN_IN, NOTE, **values)
    _execute(ENTRY, tenants=TENANTS, entries=1_000_000)
    from accounts import services

    services.count_sign_ins()
    _settle(
        "tenants_tenant",
        "sms_creditaccount",
        "sms_creditentry",
        "accounts_user",
        "accounts_signin",
        "accounts_signincount",
        "notifications_notification",
    )


def fill_messages(*, first: int, last: int) -> None:
    """Adds the messages numbered so, with the triggers that count them, and merges the counts."""
    from sms import services

    for begin in range(first, last + 1, CHUNK):
        _execute(MESSAGE, first=begin, last=min(begin + CHUNK - 1, last), tenants=TENANTS, days=DAYS)
        services.squash_counts()
    _settle(
        "sms_message",
        "sms_messagecount",
        "sms_platformcount",
        "sms_tenantcount",
        "sms_tenanttally",
        "sms_deliverytime",
        "sms_platformdeliverytime",
        "sms_tenantdeliverytime",
    )


def _execute(*statements: str, **values: Any) -> None:
    from django.db import connection

    from tenants.scope import all_tenants

    with all_tenants(because="the bench fills everybody's tables"), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values)


def _settle(*tables: str) -> None:
    """As autovacuum leaves a table; only its owner may."""
    from django.db import connection

    from config.database import as_owner

    with as_owner(), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"VACUUM ANALYZE {table}")
