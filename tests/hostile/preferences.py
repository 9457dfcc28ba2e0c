"""The rows of the table of hostile calls for who is told what, where and when."""

from typing import Any

from tests.hostile import values
from tests.hostile.calls import Call
from tests.hostile.sms import SOON
from tests.hostile.values import Field, choice, optional, text, when

PREFERENCES, EXPLAIN = "api/notifications/preferences/", "api/notifications/system/explain/"
CELL = {"category": "billing", "channel": "email", "when": "daily"}


def _cells(name: str, *wrong: Any) -> tuple[Any, ...]:
    return tuple([CELL | {name: one}] for one in wrong)


CELLS = Field(
    [CELL],
    (
        *(*values.NOT_A_WORD, None, True, 5, "x", CELL, [None], ["x"], [5], [[]], [CELL, CELL], [CELL] * 34),
        *([CELL, {**CELL, "when": "off"}], [{"category": "billing"}], [{"channel": "email", "when": "off"}]),
        *_cells("category", "nonsense", "BILLING", "", None, 5, [], {}, values.NUL, values.LONG),
        *_cells("channel", "webhook", "operators", "E-mail", "", None, 5, [], values.BIDI),
        *_cells("when", "never", "AT_ONCE", "", 5, True, [], {}, values.HALF, values.TOO_BIG),
        *_cells("user", "x", None),
        # An inbox gathers nothing, and what is mandatory cannot be off.
        [CELL | {"channel": "in_app"}],
        [{"category": "security", "channel": "email", "when": "off"}],
        [{"category": "security", "channel": "in_app", "when": "off"}],
    ),
)
CLOCK: tuple[Any, ...] = (
    "24:00",
    "7:00",
    "07:60",
    "07:00:00",
    "07:00Z",
    "0700",
    "",
    " 07:00",
    "\u0660\u0667:00",
    f"07:00{values.BIDI}",
)
NIGHT: dict[str, Any] = {"from": "22:00", "until": "07:00"}
QUIET = Field(
    NIGHT,
    (
        *(*values.NOT_A_WORD, True, 5, "22:00", "22:00-07:00", {"from": "22:00"}, {"until": "07:00"}, [NIGHT]),
        *({**NIGHT, end: one} for end in NIGHT for one in (*CLOCK, None, 7)),
        *({**NIGHT, "zone": "UTC"}, {"from": "07:00", "until": "07:00"}),
    ),
)
MINE = optional(
    {"cells": CELLS, "quiet_hours": QUIET, "daily_digest_at": Field("08:00", (*values.NOT_A_WORD, None, 8, *CLOCK))}
)
SNOOZE = {
    "until": Field(SOON[:10] + "T00:00:00Z", (*when(SOON).wrong, "2020-01-01T00:00:00Z", "2126-01-01T00:00:00Z"))
}
WHOM = Field("owner@acme.test", (*text("x", 254).wrong, "nobody@acme.test", "x", values.ARABIC_ID, values.BIDI))
EXPLAINED = {
    "user": WHOM,
    "kind": choice("sms_credit_low"),
    "tenant": Field("acme", (*text("x", 80).wrong, "nonsense", values.ARABIC_ID, "ACME")).optional(),
    "priority": choice("high").optional(),
    "at": when("2026-03-10T22:30:00Z").optional(),
}
PREFERENCE_CALLS = (
    Call("get", PREFERENCES),
    Call("put", PREFERENCES, MINE),
    Call("patch", PREFERENCES, MINE),
    Call("post", f"{PREFERENCES}snooze/", SNOOZE),
    Call("get", f"{PREFERENCES}tenant/"),
    Call("put", f"{PREFERENCES}tenant/", {"cells": CELLS}),
    Call("patch", f"{PREFERENCES}tenant/", {"cells": CELLS}),
    Call("get", f"{PREFERENCES}platform/"),
    Call("put", f"{PREFERENCES}platform/", {"cells": CELLS}),
    Call("patch", f"{PREFERENCES}platform/", {"cells": CELLS}),
    Call("get", EXPLAIN, query=EXPLAINED),
)
