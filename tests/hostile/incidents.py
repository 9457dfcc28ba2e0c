"""The rows of the table of hostile calls for problems and maintenance windows."""

import datetime

from tests.hostile import values
from tests.hostile.calls import Call
from tests.hostile.sms import ID, LATER, PAGES
from tests.hostile.values import Field, choice, optional, text, uuid, when, whole, yes_no

INCIDENTS = "api/notifications/system/incidents/"
INCIDENT = f"{INCIDENTS}<uuid:incident_id>/"
TOMORROW = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)).isoformat()
TOMORROW_WEEK = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=9)).isoformat()
SOMEBODY = Field("me", (*(value for value in uuid(ID).wrong if value != ""), "ME", "None", f"me{values.BIDI}"))

INCIDENT_CALLS = (
    Call(
        "get",
        INCIDENTS,
        query={
            "state": choice("open"),
            "open": yes_no(True),
            "priority": choice("high"),
            "kind": Field("database", (values.NUL, "x" * 61)),
            "tenant": uuid(ID),
            "assignee": SOMEBODY,
            "reporter": SOMEBODY,
            "search": Field("slow", (values.NUL, "x" * 201)),
            "since": when("2026-01-01T00:00:00Z"),
            "until": when("2026-01-02T00:00:00Z"),
            **PAGES,
        },
    ),
    Call("get", INCIDENT),
    Call("get", f"{INCIDENT}timeline/", query=PAGES),
    Call(
        "post",
        f"{INCIDENT}acknowledge/",
        {
            "until": Field(
                TOMORROW, (*(v for v in when(TOMORROW).wrong if v is not None), "2020-01-01T00:00:00Z", LATER)
            ).optional(),
            "minutes": Field(60, tuple(v for v in whole(60, 1, 129_600).wrong if v is not None)).alone(),
            "comment": text("On it.", 2000, blank=True).optional(),
        },
        once=True,
    ),
    Call("post", f"{INCIDENT}assign/", {"assignee": Field("me", (*SOMEBODY.wrong, "", "none", ID))}),
    Call("post", f"{INCIDENT}comment/", {"text": text("Hm.", 2000)}, once=True),
    Call("post", f"{INCIDENT}resolve/", {"resolution": text("Done.", 2000)}),
    Call("post", f"{INCIDENT}reopen/", optional({"reason": text("Not done.", 2000, blank=True)})),
)

MAINTENANCE = "api/notifications/system/maintenance/"
WINDOW = f"{MAINTENANCE}<uuid:window_id>/"
DAY = Field("sunday", (*values.NOT_A_WORD, None, True, 7, -1, 1.5, "", "0", "SUNDAY", "sun", f"sunday{values.BIDI}"))
#: A clock time without an offset. None is no mistake where it takes the end away.
STARTS = Field("2026-03-01T02:30", tuple(value for value in when("2026-03-01T02:30").wrong if value is not None))
OUTSIDE = ("0001-01-01T00:00:00", "1999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59", LATER)
FIELDS = {
    "title": text("Upgrade", 200),
    "starts_at": Field(STARTS.good, (*STARTS.wrong, None, *OUTSIDE)),
    "minutes": whole(60, 1, 10_080),
    "timezone": Field(
        "Africa/Dar_es_Salaam", (*text("x", 64).wrong, "Mars/Base", "UTC+3", "../etc/passwd", "africa/dar_es_salaam")
    ).optional(),
    # What recurs may be made to happen once; twice the same day is that day.
    "weekdays": Field(
        ["sunday"], (*([one] for one in DAY.wrong), ["sunday"] * 8, "sunday", 5, True, {}, None)
    ).optional(),
    "until": Field(TOMORROW_WEEK, (*STARTS.wrong, *OUTSIDE)).optional(),
    "checks": Field(
        ["database"], (*([one] for one in choice("database").wrong), ["database"] * 51, "database", 5, True, {}, None)
    ).optional(),
    "announce_minutes": whole(60, 0, 10_080).optional(),
    "tenant": Field(ID, (*uuid(ID).wrong, ID), thing="tenant_id").optional(),
}
MAINTENANCE_CALLS = (
    Call(
        "get",
        MAINTENANCE,
        query={
            "cancelled": yes_no(True),
            "tenant": uuid(ID),
            "search": Field("upgrade", (values.NUL, "x" * 201)),
            **PAGES,
        },
    ),
    Call("post", MAINTENANCE, FIELDS, once=True),
    Call(
        "post",
        f"{MAINTENANCE}preview/",
        FIELDS | {"title": FIELDS["title"].optional(), "count": whole(10, 1, 50).optional()},
    ),
    Call("get", WINDOW),
    Call("get", f"{WINDOW}occurrences/", query=PAGES),
    Call("patch", WINDOW, optional(FIELDS)),
    Call("delete", WINDOW),
)
