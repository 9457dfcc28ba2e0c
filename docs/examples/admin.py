#!/usr/bin/env python3
"""A platform admin's day, through every call that admins alone may make, and what everybody else gets instead.

    docs/examples/admin.py [http://127.0.0.1:8000]

Needs `requests` (it is in this project's .venv) and a running `make up`, whose sign-ins it uses. It can be run again
at once: what it reports joins the problem that it reported before. docs/admin.md says what each call is for.
"""

import re
import sys
import time
import uuid
from typing import Any

from client import Client
from shapes import DONE, ITEM, NUMBER, OBJECT, PRIORITIES, TEXT, TIME, TYPES, UUID, Rows, problem

ADMIN, STAFF, MEMBER = "admin@example.com", "staff@example.com", "member@example.com"
PASSWORD = "bellwether-demo"
DAY = re.compile(r"\d{4}-\d\d-\d\d")
NOBODY = "01990000-0000-7000-8000-000000000000"
SYSTEM = "notifications/system/"

HEALTH_ITEM: dict[Any, Any] = {
    "component": TEXT,
    "healthy": bool,
    "status": ("OK", "WARNING", "ERROR", "UNKNOWN"),
    "error": (TEXT, None),
    "priority": (*PRIORITIES, None),
    "details": OBJECT,
    ...: ...,
}
HEALTH: dict[Any, Any] = {
    "success": True,
    "health_status": {
        "healthy": bool,
        "issues": [HEALTH_ITEM],
        "warnings": [HEALTH_ITEM],
        "timestamp": TIME,
        ...: ...,
    },
}
ISSUES = {"Database", "SMS Service", "Failed Messages"}
WARNINGS = {"Message Delivery", "SMS Credits", "User Activity"}
REPORTED = DONE | {"notification_id": UUID, "incident_id": UUID}
TOLD = DONE | {"notification_id": (UUID, None), "notifications_created": int}
TEMPLATE: dict[Any, Any] = {
    "id": UUID,
    "name": TEXT,
    "title": TEXT,
    "message": TEXT,
    "notification_type": TYPES,
    "priority": PRIORITIES,
    "is_active": bool,
    "created_at": TIME,
    "updated_at": TIME,
    ...: ...,
}


def main(address: str) -> int:
    rows, admin, colleague, member = Rows(), Client(address), Client(address), Client(address)
    everybody = {ADMIN: admin, STAFF: colleague, MEMBER: member}
    for email, client in everybody.items():
        signed_in = {"message": TEXT, "user": OBJECT, "tokens": OBJECT}
        rows.row(client.sign_in(email, PASSWORD), 200, signed_in, "{user[email]}")
    health_check(rows, admin)
    how_it_was(rows, admin)
    thresholds(rows, admin)
    report_a_problem(rows, admin)
    inboxes_of_admins(rows, admin, colleague)
    send_a_report_twice(rows, admin)
    announce(rows, admin, member)
    templates(rows, admin)
    credits_test(rows, admin)
    cleanup(rows, admin)
    what_a_member_gets(rows, member)
    for client in everybody.values():
        rows.row(client.sign_out(), 200, DONE)
    return rows.close()


def health_check(rows: Rows, admin: Client) -> None:
    reply = admin.get(f"{SYSTEM}health-check/")
    health = rows.row(reply, 200, HEALTH, "healthy: {health_status[healthy]}, as of {health_status[timestamp]}")
    health = health["health_status"]
    for item in health["issues"] + health["warnings"]:
        print(f"    {item['status']:8} {item['component']}: {item['error']}")
    rows.must(health["healthy"] == (not health["issues"]), "healthy means that there are no issues")
    rows.must({item["component"] for item in health["issues"]} <= ISSUES, "what an issue can be")
    rows.must({item["component"] for item in health["warnings"]} <= WARNINGS, "what a warning can be")
    rows.must(len(reply.content) < 50_000, "the details are bounded, whatever the platform's size")


def how_it_was(rows: Rows, admin: Client) -> None:
    minutes = {"uptime_percent": (*NUMBER, None), "ok": int, "warning": int, "critical": int, "unknown": int}
    named = {"check": TEXT, "component": TEXT}
    strip = named | minutes | {"days": [minutes | {"day": DAY}]}
    reply = admin.get(f"{SYSTEM}uptime/", days=7)
    uptime = rows.row(reply, 200, {"success": True, "days": 7, "checks": [strip]}, "{days} days")
    rows.must(all(len(one["days"]) == 7 for one in uptime["checks"]), "every day is there")
    states = ("ok", "warning", "critical", "unknown")
    point = {"at": TIME, "state": states, "numbers": OBJECT, ...: ...}
    for per in ("hour", "minute"):
        shape = {"success": True, "per": per, "days": 1, "since": TIME, "checks": [named | {"points": [point]}]}
        rows.row(admin.get(f"{SYSTEM}history/", check="sms_service", per=per), 200, shape)
    odd: dict[str, dict[str, Any]] = {"days": {"days": 91}, "check": {"check": "x"}, "per": {"per": "day"}}
    for field, query in odd.items():
        rows.row(admin.get(f"{SYSTEM}history/", **query), 400, problem(400, field))


def thresholds(rows: Rows, admin: Client) -> None:
    """It leaves them as the environment has them."""
    path, one = f"{SYSTEM}thresholds/", f"{SYSTEM}thresholds/sms_credits/warning/"
    decided: dict[Any, Any] = {"value": int, "source": TEXT, "version": int, ...: ...}
    found = rows.row(admin.get(path), 200, {"success": True, "thresholds": [decided]})["thresholds"]
    version = next(row["version"] for row in found if (row["check"], row["name"]) == ("sms_credits", "warning"))
    tried = {"check": "sms_credits", "limits": {"warning": 40}, "days": 2}
    rows.row(admin.post(f"{path}backtest/", tried), 200, {"success": True, "backtest": OBJECT})
    rows.row(admin.post(f"{path}backtest/", tried | {"limits": {"count": 4}}), 400, problem(400, "limits.count"))
    mine = DONE | {"threshold": decided | {"value": 40, "source": "decided", "version": version + 1}}
    rows.row(admin.call("PUT", one, {"value": 40, "version": version, "reason": "Earlier."}), 200, mine)
    rows.row(admin.call("PATCH", one, {"value": 50, "version": version}), 409, problem(409))
    rows.row(admin.call("PUT", one, {"value": 5}), 400, problem(400, "value"), "must be above critical")
    rows.row(admin.call("PUT", f"{path}sms_credits/nonsense/", {"value": 5}), 404, problem(404))
    theirs = DONE | {"threshold": decided | {"tenant": "acacia-pharmacy", "value": 60}}
    rows.row(admin.call("PUT", one, {"value": 60, "tenant": "acacia-pharmacy"}), 200, theirs)
    gone = DONE | {"threshold": decided | {"value": None, "source": "platform"}}
    rows.row(admin.call("DELETE", f"{one}?tenant=acacia-pharmacy"), 200, gone)
    rows.row(admin.call("DELETE", one), 200, DONE | {"threshold": decided | {"source": "environment"}})
    page = {"next": (TEXT, None), "previous": (TEXT, None), "results": [{"actor": TEXT, "version": int, ...: ...}]}
    rows.row(admin.get(f"{one}history/", page_size=2), 200, page)


def report_a_problem(rows: Rows, admin: Client) -> None:
    path = f"{SYSTEM}report-problem/"
    report = {"problem_type": "Invoices", "description": "The April invoices show no VAT.", "priority": "high"}
    first = rows.row(admin.post(path, report), 200, REPORTED)
    again = rows.row(admin.post(path, report), 200, REPORTED, "{message}, once more")
    rows.must(again["incident_id"] == first["incident_id"], "a repeated report joins the open problem")
    rows.must(again["notification_id"] != first["notification_id"], "and tells again")
    counted = [_mine(admin, told)["data"]["occurrences"] for told in (first, again)]
    rows.must(counted[1] == counted[0] + 1, "and counts")
    rows.must(_mine(admin, again)["priority"] == "high", "notification_id is the reporter's own row")

    urgent = rows.row(admin.post(path, report | {"priority": "urgent"}), 200, REPORTED, "urgent is critical")
    rows.must(_mine(admin, urgent)["priority"] == "critical", "urgent, an older word, is critical")
    for field, body in {
        "problem_type": {"description": "No VAT."},
        "description": {"problem_type": "Invoices"},
    }.items():
        missing = problem(400, field, detail="Problem type and description are required")
        rows.row(admin.post(path, body), 400, missing)
    rows.row(admin.post(path, report | {"priority": "loud"}), 400, problem(400, "priority"))


def inboxes_of_admins(rows: Rows, admin: Client, colleague: Client) -> None:
    """Every admin is told, each in a row of their own, and sees nobody else's."""
    shape = {"success": True, "notifications": [ITEM], "count": int}
    seen = []
    for client in (admin, colleague):
        found = rows.row(client.get("notifications/real/", limit=100), 200, shape, "{count} notifications")
        ids = [item["id"] for item in found["notifications"]]
        rows.must(len(ids) == len(set(ids)), "each once")
        seen.append(set(ids))
    theirs = max(seen[1])
    rows.must(not seen[0] & seen[1], "no row is in two inboxes")
    rows.row(admin.get(f"notifications/{theirs}/"), 404, problem(404), "a colleague's row does not exist for me")


def send_a_report_twice(rows: Rows, admin: Client) -> None:
    """The network broke before the reply came: the same key sends it again without reporting it again."""
    path, key = f"{SYSTEM}report-problem/", str(uuid.uuid4())
    report = {"problem_type": "Exports", "description": "The export of contacts stops half way."}
    first = rows.row(admin.post(path, report, Idempotency_Key=key), 200, REPORTED)
    reply = admin.post(path, report, Idempotency_Key=key)
    again = rows.row(reply, 200, REPORTED, "the same reply; nothing was reported twice")
    rows.must(again == first, "the same key and body get the same reply")
    rows.must(reply.headers.get("Idempotency-Replayed") == "true", "and the reply says that it was given before")
    other = report | {"description": "Something else."}
    rows.row(admin.post(path, other, Idempotency_Key=key), 422, problem(422))


def announce(rows: Rows, admin: Client, member: Client) -> None:
    path = f"{SYSTEM}create/"
    words: dict[str, Any] = {"title": "Maintenance on Sunday", "message": "Sending pauses from 02:00 to 03:00 UTC."}
    full = words | {
        "notification_type": "maintenance",
        "priority": "high",
        "link": "/status/",
        "metadata": {"window": 1},
        "audience": {"emails": [MEMBER, ADMIN]},
    }
    told = rows.row(admin.post(path, full), 200, TOLD | {"notifications_created": 2})
    mine = {"notification_type": "maintenance", "priority": "high", "action_url": "/status/", "data": {"window": 1}}
    shape = DONE | {"notification": ITEM | words | mine | {"is_system": True, "status": "unread"}}
    rows.row(admin.get(f"notifications/{told['notification_id']}/"), 200, shape, "{notification[title]}")
    older_names = words | {"type": "info", "action_url": "https://example.com/status", "data": {"window": 1}}
    told = rows.row(admin.post(path, older_names | {"audience": "admins"}), 200, TOLD)
    rows.row(admin.post(path, words), 200, TOLD | {"notifications_created": told["notifications_created"]})
    tenant = words | {"audience": {"tenant": "acacia-pharmacy"}}
    rows.row(admin.post(path, tenant), 200, TOLD | {"notifications_created": 2})
    newest = member.get("notifications/recent/", limit=1).json()["notifications"][0]
    rows.must(newest["title"] == words["title"], "the member of that tenant was told")

    everyone(rows, admin, words)
    refused = {
        "link": "javascript:alert(1)",
        "audience": {"tenant": "no-such-tenant"},
        "priority": "loud",
        "notification_type": "gossip",
        "title": "",
    }
    for field, value in refused.items():
        rows.row(admin.post(path, words | {field: value}), 400, problem(400, field))


def everyone(rows: Rows, admin: Client, words: dict[str, Any]) -> None:
    """Above 500 people the reply comes at once, with how many it is for and a job that says how far it has come."""
    path = f"{SYSTEM}create/"
    reply = admin.post(path, words | {"audience": "everyone"})
    if "job_id" not in reply.json():
        rows.row(reply, 200, TOLD, "{message}: few enough to be told before the reply")
        rows.row(admin.get(f"{path}{NOBODY}/"), 404, problem(404))
        return
    told = rows.row(reply, 200, TOLD | {"notification_id": None, "job_id": UUID})
    job = {"id": told["job_id"], "created_count": int, "target_count": told["notifications_created"]}
    job |= {"state": ("queued", "running", "done"), "created_at": TIME, "finished_at": (TIME, None)}
    for _ in range(120):
        reply = admin.get(f"{path}{told['job_id']}/")
        if reply.json()["job"]["state"] == "done":
            break
        time.sleep(0.5)
    done = job | {"state": "done", "created_count": told["notifications_created"], "finished_at": TIME}
    rows.row(reply, 200, {"success": True, "job": done}, "{job[created_count]} of {job[target_count]} told")


def templates(rows: Rows, admin: Client) -> None:
    path = "notifications/templates/"
    written = {
        "name": f"Credits, in our words ({uuid.uuid4()})",
        "kind": "sms_credit_low",
        "is_active": False,
        "title": "$percentage % of your credits are left",
        "message": "Write to sales@example.com to get more.",
    }
    made = rows.row(admin.post(path, written), 201, DONE | {"template": TEMPLATE | written})["template"]
    mine = f"{path}{made['id']}/"
    rows.row(admin.get(path), 200, {"success": True, "templates": [TEMPLATE]}, "{templates} templates")
    rows.row(admin.get(mine), 200, DONE | {"template": TEMPLATE | written}, "{template[title]}")
    changed = {"title": "Only $percentage % left"}
    for method in ("PATCH", "PUT"):
        reply = admin.call(method, mine, changed)
        rows.row(reply, 200, DONE | {"template": TEMPLATE | written | changed}, "{message}: {template[title]}")

    preview = {
        "success": True,
        "preview": {"title": "Only 3 % left", "message": written["message"]},
        "variables": [TEXT],
    }
    reply = admin.post(f"{mine}preview/", {"context": {"percentage": 3}})
    rows.row(reply, 200, preview, "{preview[title]}")
    rows.row(admin.call("PATCH", mine, {"title": "$password"}), 400, problem(400, "title"))
    rows.row(admin.post(path, written), 400, problem(400, "name"))
    rows.row(admin.call("DELETE", mine), 200, DONE | {...: ...})
    rows.row(admin.get(mine), 404, problem(404))


def credits_test(rows: Rows, admin: Client) -> None:
    path, asked = "notifications/sms-credit/test/", {"current_credits": 5, "total_credits": 1000}
    said = {"percentage": 0.5, "level": "critical"}
    rows.row(admin.post(path, asked), 200, DONE | asked | said)
    rows.row(admin.post(path, asked | {"total_credits": 0}), 400, problem(400, "total_credits"))


def cleanup(rows: Rows, admin: Client) -> None:
    path, gone = f"{SYSTEM}cleanup/", DONE | {"deleted_count": int, ...: ...}
    tried = rows.row(admin.post(path, {"days": 30, "dry_run": True}), 200, gone | {"deleted_count": 0})
    found = tried["would_delete_count"]
    rows.row(admin.post(path, {"days": 30}), 200, gone | {"deleted_count": found})
    rows.row(admin.post(path), 200, gone, "{message}: 30 days unless said otherwise")
    for days in (0, "x"):
        rows.row(admin.post(path, {"days": days}), 400, problem(400, "days"))


def what_a_member_gets(rows: Rows, member: Client) -> None:
    refused = problem(403, detail="Permission denied. Admin access required.")
    calls = {
        f"{SYSTEM}health-check/": "GET",
        f"{SYSTEM}history/": "GET",
        f"{SYSTEM}uptime/": "GET",
        f"{SYSTEM}thresholds/": "GET",
        f"{SYSTEM}thresholds/sms_credits/warning/": "DELETE",
        f"{SYSTEM}thresholds/sms_credits/warning/history/": "GET",
        f"{SYSTEM}thresholds/backtest/": "POST",
        f"{SYSTEM}report-problem/": "POST",
        f"{SYSTEM}create/": "POST",
        f"{SYSTEM}create/{NOBODY}/": "GET",
        f"{SYSTEM}cleanup/": "POST",
        "notifications/templates/": "GET",
        f"notifications/templates/{NOBODY}/preview/": "POST",
    }
    for path, method in calls.items():
        rows.row(member.call(method, path, {} if method == "POST" else None), 403, refused)
    owners_too = {"current_credits": 1, "total_credits": 1}
    rows.row(member.post("notifications/sms-credit/test/", owners_too), 403, problem(403))


def _mine(admin: Client, told: dict[str, Any]) -> dict[str, Any]:
    notification: dict[str, Any] = admin.get(f"notifications/{told['notification_id']}/").json()["notification"]
    return notification


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"))
