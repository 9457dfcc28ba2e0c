"""The rows of the table of hostile calls for thresholds and what the monitor kept."""

from tests.hostile import values
from tests.hostile.calls import Call
from tests.hostile.sms import PAGES
from tests.hostile.values import Field, choice, optional, text, whole

SYSTEM = "api/notifications/system/"
THRESHOLDS = f"{SYSTEM}thresholds/"
ONE = f"{THRESHOLDS}<slug:check>/<slug:name>/"
WHOSE = {"tenant": Field("acme", (*text("x", 80).wrong, "nonsense", "ACME", f"acme{values.BIDI}", values.ARABIC_ID))}
NOBODYS = optional(WHOSE)
WHY = {
    "version": whole(0, 0, 2**31 - 1).optional(),
    "reason": text("It was late.", 200, blank=True).optional(),
}
IN_AN_ADDRESS = Field("It was late.", (values.NUL, "x" * 201), required=False)
LIMITS = Field(
    {"warning": 60},
    (
        *([], "x", 5, True, None, {}, {"nonsense": 5}, {"warning": -1}, {"warning": 101}, {"warning": 10**30}),
        *({"warning": "x"}, {"warning": None}, {"warning": []}, {"warning": {}}, {"warning": True}, {"warning": 1.5}),
        *({"warning": "\u0663"}, {"warning": values.TOO_BIG}, {values.NUL: 5}, {"": 5}, {values.LONG: 5}),
        *({"low": 5}, {"critical": 25}, {"warning": 60, "critical": 60}, {str(n): n for n in range(10_000)}),
    ),
)
HISTORY_CALLS = (
    Call(
        "get",
        f"{SYSTEM}history/",
        query=optional({"check": choice("database"), "days": whole(1, 1, 90), "per": choice("minute")}),
    ),
    Call("get", f"{SYSTEM}uptime/", query={"days": whole(30, 1, 90).optional()}),
    Call("get", THRESHOLDS, query=NOBODYS),
    Call("put", ONE, {"value": whole(60, 0, 100), **WHY, **NOBODYS}, query=NOBODYS),
    Call("patch", ONE, {"value": whole(60, 0, 100), **WHY, **NOBODYS}, query=NOBODYS),
    Call("delete", ONE, query={**WHY, "reason": IN_AN_ADDRESS, **NOBODYS}),
    Call(
        "get",
        f"{ONE}history/",
        query={**NOBODYS, **PAGES},
    ),
    Call(
        "post",
        f"{THRESHOLDS}backtest/",
        {
            "check": Field(
                "sms_credits", (*text("x", 40).wrong, "nonsense", "SMS_CREDITS", f"sms_credits{values.BIDI}")
            ),
            "limits": LIMITS,
            "days": whole(7, 1, 90).optional(),
        },
    ),
)
