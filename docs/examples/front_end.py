#!/usr/bin/env python3
"""A front end's day, through every call that one person makes: from signing in to signing out.

    docs/examples/front_end.py [http://127.0.0.1:8000]

Needs `requests` (it is in this project's .venv) and a running `make up`, whose sign-ins it uses. It cleans up behind
itself, so it can be run again at once. docs/api.md says what each call is for.
"""

import sys
import uuid
from typing import Any

from client import Client
from shapes import DONE, ITEM, NUMBER, OBJECT, SETTINGS, TENANT, TEXT, TIME, TOKEN, USER, UUID, Rows, problem

OWNER, OUTSIDER, PASSWORD = "owner@example.com", "outsider@example.com", "bellwether-demo"
NOBODY = "01990000-0000-7000-8000-000000000000"
ONE = DONE | {"notification": ITEM}
DEFAULTS = {
    "email_notifications_enabled": True,
    "sms_notifications_enabled": False,
    "in_app_notifications_enabled": True,
    "sms_credit_warning_threshold": 25,
    "sms_credit_critical_threshold": 10,
}


def main(address: str) -> int:
    rows, me = Rows(), Client(address)
    sign_in(rows, me)
    profile(rows, me)
    tenants(rows, me)
    settings(rows, me)
    mine = warnings(rows, me)
    poll(rows, me)
    lists(rows, me, mine)
    one_notification(rows, me, mine, outsider=Client(address))
    many_notifications(rows, me, mine)
    send_sms(rows, me)
    bad_requests(rows, me)
    sign_out(rows, me)
    return rows.close()


def sign_in(rows: Rows, me: Client) -> None:
    stranger = f"nobody-{uuid.uuid4()}@example.com"
    rows.row(me.sign_in(OWNER, "wrong"), 401, problem(401))
    rows.row(me.sign_in(stranger, "wrong"), 401, problem(401))
    login = {"message": TEXT, "user": USER, "tokens": {"access": TOKEN, "refresh": TOKEN}}
    rows.row(me.sign_in(OWNER, PASSWORD), 200, login, "{user[full_name]} of {user[tenant][name]}")

    old = me.refresh
    rows.row(me.renew(), 200, {"access": TOKEN, "refresh": TOKEN}, "a new pair of tokens")
    again = me.post("auth/token/refresh/", {"refresh": old})
    rows.row(again, 401, problem(401))

    # Guessing passwords ends after a few attempts; the reply says how many seconds to wait.
    for _ in range(100):
        reply = Client(me.api.removesuffix("/api/")).sign_in(stranger, "wrong")
        if reply.status_code != 401:
            break
    rows.row(reply, 429, problem(429))
    rows.must(int(reply.headers["Retry-After"]) > 0, "a 429 says when to come back")


def profile(rows: Rows, me: Client) -> None:
    before = rows.row(me.get("auth/profile/"), 200, USER, "{email}, {timezone}, last seen signing in {last_login_at}")
    changed = me.call("PATCH", "auth/profile/", {"phone_number": "0754 123 456", "timezone": "Africa/Nairobi"})
    now = {"phone_number": "+255754123456", "timezone": "Africa/Nairobi"}
    rows.row(changed, 200, USER | now, "{phone_number} in {timezone}")
    rows.row(me.call("PATCH", "auth/profile/", {"timezone": "Mars"}), 400, problem(400, "timezone"))

    envelope = {"success": True, "data": USER | now}
    rows.row(me.get("auth/settings/profile/"), 200, envelope, "the same user in an envelope")
    back = {name: before[name] for name in ("phone_number", "timezone")}
    reply = me.call("PUT", "auth/settings/profile/", back)
    rows.row(reply, 200, {"success": True, "data": USER | back}, "as it was: {data[timezone]}")


def tenants(rows: Rows, me: Client) -> None:
    mine = rows.row(me.get("tenants/"), 200, {"success": True, "tenants": [TENANT]}, "{tenants} of mine")["tenants"]
    switched = me.post("tenants/switch/", {"tenant_id": mine[0]["id"]})
    rows.row(switched, 200, DONE | {"tenant": TENANT})
    member = {"id": UUID, "email": TEXT, "full_name": TEXT, "role": TENANT["role"], "created_at": TIME}
    members = me.get(f"tenants/{mine[0]['id']}/members/")
    rows.row(members, 200, {"success": True, "members": [member]}, "{members} people")
    rows.row(me.post("tenants/switch/", {"tenant_id": NOBODY}), 404, problem(404))
    rows.row(me.get(f"tenants/{NOBODY}/members/"), 404, problem(404))


def settings(rows: Rows, me: Client) -> None:
    mine = "notifications/settings/"
    shown = DONE | {"data": SETTINGS}
    rows.row(me.call("PUT", mine, DEFAULTS), 200, DONE | {"data": SETTINGS | DEFAULTS})
    rows.row(me.get(mine), 200, shown, "warning at {data[sms_credit_warning_threshold]} %")
    changed = me.call("PATCH", mine, {"sms_credit_critical_threshold": 20})
    now = SETTINGS | {"sms_credit_critical_threshold": 20, "sms_credit_warning_threshold": 25}
    rows.row(changed, 200, DONE | {"data": now}, "critical at {data[sms_credit_critical_threshold]} %")

    # Critical stays below warning, also when only one of the two is sent.
    for field, value in {"sms_credit_critical_threshold": 25, "sms_credit_warning_threshold": 20}.items():
        rows.row(me.call("PATCH", mine, {field: value}), 400, problem(400, field))
    rows.row(me.call("PUT", mine, DEFAULTS), 200, DONE | {"data": SETTINGS | DEFAULTS}, "as it was")


def warnings(rows: Rows, me: Client) -> list[Any]:
    """An owner tries out the warnings of low credits, and so gets some notifications to work with; oldest first."""
    path = "notifications/sms-credit/test/"
    for left, level in ((80, "critical"), (200, "warning"), (90, "critical"), (240, "warning"), (999, "ok")):
        shape = {
            **DONE,
            "current_credits": left,
            "total_credits": 1000,
            "percentage": left / 10,
            "level": level,
        }
        rows.row(me.post(path, {"current_credits": left, "total_credits": 1000}), 200, shape)
    refused = me.post(path, {"current_credits": 1, "total_credits": 0})
    rows.row(refused, 400, problem(400, "total_credits"))
    newest: list[Any] = me.get("notifications/recent/", limit=4).json()["notifications"]
    rows.must([item["priority"] for item in newest] == ["medium", "high"] * 2, "the last four are in the inbox")
    return newest[::-1]


def poll(rows: Rows, me: Client) -> None:
    """What every tab asks every X-Poll-Interval seconds. A browser sends If-None-Match by itself."""
    shape = {"success": True, "notifications": [ITEM], "unread_count": int}
    for _ in range(5):  # between two polls a `time_ago` may move on, which is a new body
        reply = me.get("notifications/recent/", limit=10)
        again = me.get("notifications/recent/", {"If-None-Match": reply.headers["ETag"]}, limit=10)
        if again.status_code == 304:
            break
    told = rows.row(reply, 200, shape, "{notifications} notifications, {unread_count} unread in the whole inbox")
    rows.row(again, 304, None, f"nothing new; ask again in {again.headers['X-Poll-Interval']} s")
    for one in (reply, again):
        rows.must(one.headers["Cache-Control"] == "private, no-cache", "only the browser itself keeps a poll")
        rows.must(int(one.headers["X-Poll-Interval"]) >= 1, "X-Poll-Interval is in seconds")
    count = rows.row(
        me.get("notifications/unread-count/"), 200, {"success": True, "unread_count": int}, "{unread_count}"
    )
    rows.must(count["unread_count"] == told["unread_count"], "the two numbers on one screen agree")
    rows.row(me.get("notifications/recent/", limit=51), 400, problem(400, "limit"))


def lists(rows: Rows, me: Client, mine: list[Any]) -> None:
    path, since = "notifications/", mine[0]["created_at"]
    page = {"next": (TEXT, None), "previous": (TEXT, None), "results": [ITEM]}
    first = rows.row(me.get(path, page_size=3, since=since), 200, page, "{results} on the first page")
    second = rows.row(me.get(first["next"]), 200, page, "{results} on the next")
    back = rows.row(me.get(second["previous"]), 200, page, "{results} on the one before it")
    rows.must(second["next"] is None, "four notifications fill two pages of three")
    rows.must(ids(first["results"] + second["results"]) == ids(mine[::-1]), "newest first, each once")
    rows.must(ids(back["results"]) == ids(first["results"]), "back to the first page")

    filters: dict[str, tuple[Any, int]] = {
        "status": ("unread", 4),
        "type": ("sms_credit", 4),
        "notification_type": ("billing", 0),
        "priority": ("high", 2),
        "is_system": ("false", 4),
        "is_archived": ("false", 4),
        "search": ("8.0 % left", 1),
        "until": (since, 1),
    }
    real = {"success": True, "notifications": [ITEM], "count": int}
    for name, (value, count) in filters.items():
        for where, shape, items in ((path, page, "results"), (f"{path}real/", real, "notifications")):
            found = rows.row(me.get(where, **{name: value}, since=since), 200, shape, f"{{{items}}} found")
            rows.must(len(found[items]) == count, f"{name}={value} finds {count}")
    rows.row(me.get(path, priority="loud"), 400, problem(400, "priority"))
    rows.row(me.get(path, page_size=101), 400, problem(400, "page_size"))

    found = rows.row(me.get("notifications/real/", limit=20, since=since), 200, real, "{count} notifications")
    rows.must(found["count"] == len(found["notifications"]) == 4, "count is how many are in the reply")
    rows.row(me.get("notifications/real/", limit=101), 400, problem(400, "limit"))

    numbers = {
        "total": int,
        "unread": int,
        "read": int,
        "archived": int,
        "recent_count": int,
        "system": int,
        "by_type": OBJECT,
        "by_priority": OBJECT,
        "by_status": {"unread": int, "read": int, "archived": int},
        "by_day": [{"date": TEXT, "count": int}],
        "read_rate": NUMBER,
        "median_seconds_to_read": (*NUMBER, None),
    }
    said = "{data[total]} in all, {data[unread]} unread"
    data = rows.row(me.get("notifications/stats/"), 200, {"success": True, "data": numbers}, said)["data"]
    rows.must(len(data["by_day"]) == 30, "a chart of 30 days")


def one_notification(rows: Rows, me: Client, mine: list[Any], *, outsider: Client) -> None:
    path = f"notifications/{mine[0]['id']}/"
    rows.row(me.get(path), 200, ONE, "{notification[title]}")
    steps = {"mark-read": "read", "mark-unread": "unread", "archive": "archived"}
    for step, status in steps.items():
        shape = DONE | {"notification": ITEM | {"status": status, "is_unread": status == "unread"}}
        for _ in range(2):  # repeating is fine
            rows.row(me.post(f"{path}{step}/"), 200, shape)

    outsider.sign_in(OUTSIDER, PASSWORD)
    for call, where in (("GET", path), ("POST", f"{path}mark-read/"), ("DELETE", path)):
        rows.row(outsider.call(call, where), 404, problem(404), "somebody else's does not exist for me")
    outsider.sign_out()

    rows.row(me.call("DELETE", path), 200, DONE)
    rows.row(me.get(path), 404, problem(404))


def many_notifications(rows: Rows, me: Client, mine: list[Any]) -> None:
    left = mine[1:]
    bulk, changed = "notifications/bulk/", {"success": True, "updated_count": 3}
    for action in ("mark_read", "mark_unread", "archive", "mark_unread"):
        rows.row(me.post(bulk, {"ids": ids(left), "action": action}), 200, changed, f"{action}: {{updated_count}}")
    rows.row(me.post(bulk, {"ids": [NOBODY] * 501, "action": "archive"}), 400, problem(400, "ids"))

    # The watermark is the newest notification that the page shows: what comes later stays unread.
    seen = {"before": left[1]["id"]}
    marked = {"success": True, "message": TEXT, "marked_count": int}
    body = rows.row(me.post("notifications/mark-all-read/", seen), 200, marked)
    rows.must(body["message"] == f"Marked {body['marked_count']} notifications as read", "the sentence clients show")
    status = [me.get(f"notifications/{item['id']}/").json()["notification"]["status"] for item in left]
    rows.must(status == ["read", "read", "unread"], "what came after the watermark is still unread")
    rows.row(me.post("notifications/mark-all-read/"), 200, marked)
    nothing = marked | {"message": "Marked 0 notifications as read", "marked_count": 0}
    rows.row(me.post("notifications/mark-all-read/"), 200, nothing)

    rows.row(me.post(bulk, {"ids": ids(left), "action": "delete"}), 200, changed, "delete: {updated_count}")


def send_sms(rows: Rows, me: Client) -> None:
    body = {"to": ["0754 123 456", "+255754123457"], "text": "Your order is ready.", "sender_id": "ACACIA"}
    shape = DONE | {"batch_id": UUID, "accepted": 2, "credits": 2, "message_ids": [UUID], ...: ...}
    key = str(uuid.uuid4())
    sent = rows.row(me.post("sms/messages/", body, Idempotency_Key=key), 202, shape)
    again = me.post("sms/messages/", body, Idempotency_Key=key)
    rows.row(again, 202, shape, "the same reply; nothing was sent twice")
    rows.must(again.json() == sent, "the same key gets the same reply")
    rows.must(again.headers.get("Idempotency-Replayed") == "true", "a repeated reply says so")
    refused = me.post("sms/messages/", body | {"to": ["+255754123456", "12"]})
    rows.row(refused, 400, problem(400, "to.1"))

    message = {
        "id": UUID,
        "batch_id": sent["batch_id"],
        "to": "+255754123456",
        "sender_id": "ACACIA",
        "segments": 1,
        "text": body["text"],
        "state": ("pending", "sending", "delivered", "failed"),
        "status": TEXT,
        "status_changed_at": TIME,
        "failure_reason": str,
        "created_at": TIME,
        ...: ...,
    }
    shape = {"success": True, "data": message}
    rows.row(me.get(f"sms/messages/{sent['message_ids'][0]}/"), 200, shape, "{data[to]}: {data[state]}")


def bad_requests(rows: Rows, me: Client) -> None:
    """One shape of error everywhere, and never a 500."""
    inbox = "notifications/"
    rows.row(me.get("notifications/recent/", limit="abc"), 400, problem(400, "limit"))
    rows.row(me.get("notifications/recent/", limit=-1), 400, problem(400, "limit"))
    rows.row(me.post("notifications/bulk/", {"ids": ["x"], "action": "archive"}), 400, problem(400, "ids.0"))
    rows.row(me.post("notifications/bulk/", ["a list"]), 400, problem(400))
    rows.row(me.call("PATCH", "auth/profile/", {"bio": "NUL \0 byte"}), 400, problem(400, "bio"))
    rows.row(me.get(f"{inbox}not-a-uuid/"), 404, problem(404))
    rows.row(me.get("nothing/here/"), 404, problem(404))
    rows.row(me.call("DELETE", "notifications/recent/"), 405, problem(405))
    rows.row(me.call("PATCH", "auth/profile/", {"bio": "x" * 10_000_000}), 413, problem(413))
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    rows.row(me.call("POST", "notifications/bulk/", "ids=1", headers=form), 415, problem(415))


def sign_out(rows: Rows, me: Client) -> None:
    for _ in range(2):  # repeating is fine
        rows.row(me.sign_out(), 200, DONE)
    # The access token would be good for some minutes more, but its session is over.
    rows.row(me.get("notifications/recent/"), 401, problem(401))
    rows.row(me.renew(), 401, problem(401))


def ids(items: list[Any]) -> list[str]:
    return [item["id"] for item in items]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"))
