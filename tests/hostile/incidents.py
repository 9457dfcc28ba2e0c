"""The rows of the table of hostile calls for problems and maintenance windows."""

import datetime

from tests.hostile import values
from tests.hostile.calls import Call
from tests.hostile.sms import ID, LATER, PAGES
from tests.hostile.values import Field, choice, optional, text, uuid, when, whole, yes_no

INCIDENTS = "api/notifications/system/incidents/"
INCIDENT = f"{INCIDENTS}<uuid:incident_id>/"
TOMORROW = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)).isoformat()
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
