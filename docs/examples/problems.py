#!/usr/bin/env python3
"""An admin on call: a problem from its report to its end, and maintenance from its preview to its cancellation.

    docs/examples/problems.py [http://127.0.0.1:8000]

Needs `requests` (it is in this project's .venv) and a running `make up`, whose sign-ins it uses. It can be run again
at once: it resolves what it reports and cancels what it plans. docs/admin.md says what each call is for.
"""

import datetime
import sys
import uuid
from typing import Any

from client import Client
from shapes import DONE, OBJECT, PRIORITIES, TEXT, TIME, UUID, Rows, problem

ADMIN, STAFF, MEMBER = "admin@example.com", "staff@example.com", "member@example.com"
PASSWORD = "bellwether-demo"
NOBODY = "01990000-0000-7000-8000-000000000000"
SYSTEM = "notifications/system/"
INCIDENTS, MAINTENANCE = f"{SYSTEM}incidents/", f"{SYSTEM}maintenance/"

PERSON = {"id": UUID, "email": TEXT, "full_name": str}
SOMEBODY = (PERSON, None)
OTHER = ({"id": UUID, "state": TEXT, "opened_at": TIME, "resolved_at": (TIME, None)}, None)
INCIDENT: dict[Any, Any] = {
    "id": UUID,
    "kind": TEXT,
    "scope": str,
    "state": ("open", "acknowledged", "resolved"),
    "priority": PRIORITIES,
    "title": TEXT,
    "summary": TEXT,
    "advice": str,
    "tenant": None,
    "reporter": SOMEBODY,
    "assignee": SOMEBODY,
    "acknowledged_by": SOMEBODY,
    "acknowledged_at": (TIME, None),
    "acknowledged_until": (TIME, None),
    "resolved_by": SOMEBODY,
    "resolved_at": (TIME, None),
    "resolution": str,
    "previous": OTHER,
    "occurrences": int,
    "opened_at": TIME,
    "last_seen_at": TIME,
    "duration_seconds": int,
}
LINE = {"id": UUID, "kind": TEXT, "at": TIME, "actor": SOMEBODY, "before": str, "after": str, "text": str}
WHOLE = INCIDENT | {
    "details": OBJECT,
    "escalations": int,
    "repeats": int,
    "reopens": int,
    "recurred_as": OTHER,
    "told": {"count": int, "people": [PERSON]},
    "timeline": [LINE],
    "timeline_next": (TEXT, None),
}
ONE = DONE | {"incident": WHOLE}
COUNTS = {"open": int, "acknowledged": int, "resolved": int}
LIST = {"next": (TEXT, None), "previous": (TEXT, None), "results": [INCIDENT], "counts": COUNTS}
OCCURRENCE = {"starts_at": TIME, "ends_at": TIME, "starts_at_local": TEXT, "ends_at_local": TEXT, "weekday": TEXT}
WINDOW: dict[Any, Any] = {
    "id": UUID,
    "title": TEXT,
    "state": ("planned", "on", "over", "cancelled"),
    "tenant": OBJECT,
    "checks": [TEXT],
    "timezone": TEXT,
    "starts_at": TIME,
    "starts_at_local": TEXT,
    "minutes": int,
    "weekdays": [TEXT],
    "until": (TIME, None),
    "announce_minutes": int,
    "author": SOMEBODY,
    "cancelled_at": (TIME, None),
    "created_at": TIME,
    "updated_at": TIME,
    "next_occurrences": [OCCURRENCE],
}
PAST = OCCURRENCE | {
    "id": UUID,
    "announced_at": (TIME, None),
    "kept_back": [{"title": TEXT, "times": int}],
    "kept_back_total": int,
}
WHOLE_WINDOW = WINDOW | {"tenant": None, "coming": [OCCURRENCE], "past": [PAST], "past_next": None}


def main(address: str) -> int:
    rows, admin, colleague, member = Rows(), Client(address), Client(address), Client(address)
    for email, client in {ADMIN: admin, STAFF: colleague, MEMBER: member}.items():
        rows.row(client.sign_in(email, PASSWORD), 200, {"message": TEXT, "user": OBJECT, "tokens": OBJECT})
    incident = report(rows, admin)
    look_after_it(rows, admin, incident)
    end_it(rows, admin, colleague, incident)
    find_it(rows, admin, incident)
    plan_maintenance(rows, admin)
    what_a_member_gets(rows, member, incident)
    return rows.close()


def report(rows: Rows, admin: Client) -> str:
    body = {"problem_type": f"Exports ({uuid.uuid4()})", "description": "The export stops half way."}
    told = rows.row(admin.post(f"{SYSTEM}report-problem/", body), 200, DONE | {...: ...})
    incident = str(told["incident_id"])
    shown = rows.row(admin.get(f"{INCIDENTS}{incident}/"), 200, ONE)["incident"]
    rows.must(shown["reporter"]["email"] == ADMIN, "it says who reported it")
    rows.must([line["kind"] for line in shown["timeline"]] == ["opened"], "and that is all that has happened")
    rows.must({ADMIN, STAFF} <= {person["email"] for person in shown["told"]["people"]}, "and who was told")
    return incident


def look_after_it(rows: Rows, admin: Client, incident: str) -> None:
    mine = f"{INCIDENTS}{incident}/"
    done = rows.row(admin.post(f"{mine}acknowledge/", {"minutes": 30, "comment": "On it."}), 200, ONE)
    rows.must(done["incident"]["state"] == "acknowledged", "it is acknowledged")
    done = rows.row(admin.post(f"{mine}assign/", {"assignee": "me"}), 200, ONE)
    rows.must(done["incident"]["assignee"]["email"] == ADMIN, "it is mine")
    key = str(uuid.uuid4())
    for _ in range(2):  # the network broke before the reply came
        done = rows.row(admin.post(f"{mine}comment/", {"text": "A full disk."}, Idempotency_Key=key), 200, ONE)
    kinds = [line["kind"] for line in done["incident"]["timeline"]]
    rows.must(kinds == ["commented", "assigned", "acknowledged", "opened"], "each is one line, newest first")
    page = {"next": None, "previous": None, "results": [LINE]}
    rows.row(admin.get(f"{mine}timeline/"), 200, page, "{results} lines")

    for field, body in {"minutes": {"minutes": 0}, "until": {"until": "2020-01-01T00:00:00Z"}}.items():
        rows.row(admin.post(f"{mine}acknowledge/", body), 400, problem(400, field))
    rows.row(admin.post(f"{mine}assign/", {"assignee": NOBODY}), 400, problem(400, "assignee"))
    rows.row(admin.post(f"{mine}comment/", {"text": ""}), 400, problem(400, "text"))
    rows.row(admin.post(f"{INCIDENTS}{NOBODY}/comment/", {"text": "Hm."}), 404, problem(404))


def end_it(rows: Rows, admin: Client, colleague: Client, incident: str) -> None:
    mine = f"{INCIDENTS}{incident}/"
    rows.row(admin.post(f"{mine}resolve/", {"resolution": "Made room."}), 200, ONE | {"message": "Incident resolved"})
    second = rows.row(colleague.post(f"{mine}resolve/", {"resolution": "Went away."}), 200, ONE)
    rows.must(second["incident"]["resolution"] == "Made room.", "the first one counts")
    newest = colleague.get("notifications/real/", limit=100).json()["notifications"]
    ends = [item for item in newest if item["incident"] == incident and item["title"].startswith("Resolved: ")]
    rows.must(len(ends) == 1, "whoever was told of it is told of its end, once")
    rows.row(admin.post(f"{mine}acknowledge/", {}), 409, problem(409, code="incident_over"))
    again = rows.row(colleague.post(f"{mine}reopen/", {"reason": "Full again."}), 200, ONE)
    rows.must(again["incident"]["state"] == "open", "it is open again")
    rows.row(admin.post(f"{mine}resolve/", {"resolution": "A larger disk."}), 200, ONE)


def find_it(rows: Rows, admin: Client, incident: str) -> None:
    queries: list[dict[str, Any]] = [{"reporter": "me"}, {"open": "false"}, {"search": "larger disk"}]
    for query in (*queries, {"kind": "reported_problem"}):
        found = rows.row(admin.get(INCIDENTS, **query), 200, LIST, "{results} found")
        rows.must(incident in [one["id"] for one in found["results"]], f"it is found by {query}")
    wrong: list[dict[str, Any]] = [{"state": "closed"}, {"assignee": "ada"}, {"since": "then"}, {"page_size": 0}]
    for query in wrong:
        rows.row(admin.get(INCIDENTS, **query), 400, problem(400, next(iter(query))))


def plan_maintenance(rows: Rows, admin: Client) -> None:
    tomorrow = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=2)
    fields = {"starts_at": f"{tomorrow:%Y-%m-%d}T02:30", "minutes": 60, "timezone": "Africa/Dar_es_Salaam"}
    seen = {"success": True, "timezone": "Africa/Dar_es_Salaam", "occurrences": [OCCURRENCE]}
    found = rows.row(admin.post(f"{MAINTENANCE}preview/", fields), 200, seen, "{occurrences} time")
    begins = found["occurrences"][0]["starts_at_local"]
    rows.must(begins == f"{tomorrow:%Y-%m-%d}T02:30:00+03:00", "a time without an offset is by the clock there")

    one = DONE | {"window": WHOLE_WINDOW}
    plan = fields | {"title": "Database upgrade", "checks": ["database"], "weekdays": ["saturday", 6]}
    made = rows.row(admin.post(MAINTENANCE, plan), 201, one)["window"]
    mine = f"{MAINTENANCE}{made['id']}/"
    rows.must(made["weekdays"] == ["saturday", "sunday"], "weekdays have names or numbers")
    changed = rows.row(admin.call("PATCH", mine, {"minutes": 90}), 200, one)["window"]
    rows.must(changed["minutes"] == 90 and changed["title"] == plan["title"], "the rest is as it was")
    page = {"next": (TEXT, None), "previous": (TEXT, None), "results": [WINDOW | {"tenant": (OBJECT, None)}]}
    rows.row(admin.get(MAINTENANCE, cancelled="false"), 200, page, "{results} windows")
    refused = {
        "starts_at": "2020-01-01T00:00Z",
        "minutes": 10_080,
        "timezone": "Mars/Base",
        "checks": ["weather"],
        "weekdays": ["someday"],
        "tenant": NOBODY,
    }
    for field, value in refused.items():
        weekly = {} if field == "starts_at" else {"weekdays": ["monday"]}
        body = fields | {"title": "No"} | weekly | {field: value}
        reply = admin.post(MAINTENANCE, body)
        named = {name.partition(".")[0] for name in reply.json().get("errors", {})}
        rows.row(reply, 400, problem(400) | {"errors": OBJECT})
        rows.must(named == {field}, f"it names {field}")

    cancelled = rows.row(admin.call("DELETE", mine), 200, one)["window"]
    rows.must(cancelled["state"] == "cancelled", "it is cancelled, and kept")
    rows.row(admin.get(f"{mine}occurrences/"), 200, {"next": None, "previous": None, "results": [PAST]}, "{results}")
    rows.row(admin.call("PATCH", mine, {"minutes": 5}), 409, problem(409, code="window_gone"))


def what_a_member_gets(rows: Rows, member: Client, incident: str) -> None:
    refused = problem(403, detail="Permission denied. Admin access required.")
    for path in (INCIDENTS, f"{INCIDENTS}{incident}/", MAINTENANCE):
        rows.row(member.get(path), 403, refused)
    rows.row(member.post(f"{INCIDENTS}{incident}/resolve/", {"resolution": "Mine."}), 403, refused)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"))
