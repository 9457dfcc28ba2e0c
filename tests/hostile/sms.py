"""The rows of the table of hostile calls for what a tenant sends, to whom, and what it pays with."""

import datetime

from tests.hostile import values
from tests.hostile.calls import Call
from tests.hostile.values import Field, choice, day, listing, obj, optional, phone, text, uuid, when, whole, yes_no

SMS = "api/sms/"
ID, LATER = "0192f3a4-0000-7000-8000-000000000000", "2126-01-01T00:00:00Z"
PAGES = {"page_size": whole(20, 1, 100), "older_than": uuid(ID), "newer_than": uuid(ID).alone()}
SOON = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=30)).isoformat()
A_DAY = datetime.datetime.now(datetime.UTC).date().isoformat()
MESSAGE, BATCH = f"{SMS}messages/<uuid:message_id>/", f"{SMS}batches/<uuid:batch_id>/"
CONTACT, GROUP = f"{SMS}contacts/<uuid:contact_id>/", f"{SMS}groups/<uuid:group_id>/"
TEMPLATE = f"{SMS}templates/<uuid:template_id>/"

PERIOD = {"since": when("2026-01-01T00:00:00Z"), "until": when("2026-01-02T00:00:00Z")}
SENDER = Field("ACME", (*text("x", 11).wrong, "A.B", f"A{values.BIDI}", "\u0663\u0663\u0663"))
TRAFFIC, NUMBER = choice("otp").optional(), Field("+255754123456", (*phone("").wrong, "", None))
TO, TEXT = listing(NUMBER, 10_000), text("Hello", 1600)
TO_GROUP, OF_TEMPLATE = uuid(ID, "group_id").optional(), uuid(ID, "message_template_id").optional()
VARIABLES = Field(
    {"code": "5"},
    (*obj({"code": "5"}).wrong, None, {"a": []}, {"a": {}}, {"a": None}, {str(n): "" for n in range(51)}),
    required=False,
)
LATER_ON = {
    "send_at": Field(SOON, (*when(SOON).wrong, "2020-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", LATER)),
    "valid_for": whole(60, 30, 7 * 86_400),
}
WHEN = optional(
    {name: Field(one.good, tuple(v for v in one.wrong if v is not None)) for name, one in LATER_ON.items()}
)
SEND = {"sender_id": SENDER, "traffic": TRAFFIC, **WHEN}
#: To numbers and with a text, or to a group and with a template. A preview lists the recipients that are no numbers,
#: and is refused for none of them.
PLAIN = {
    "to": TO,
    "text": TEXT,
    "group": TO_GROUP.alone(),
    "template": OF_TEMPLATE.alone(),
    "variables": VARIABLES.alone(),
}
MERGED = {
    "to": Field(TO.good, ([], "x", 5, True, {}, {"0": "x"}, values.NUL, TO.good * 10_001)).alone(),
    "text": TEXT.alone(),
    "group": TO_GROUP,
    "template": OF_TEMPLATE,
    "variables": VARIABLES,
}

GROUPS = Field([ID], tuple(v for v in listing(uuid(ID), 50).wrong if v != []), required=False, thing="group_id")
WHO = {"phone_number": phone("+255754123456"), "name": text("Ada", 150, blank=True).optional(), "groups": GROUPS}
MEMBERS = {"contacts": listing(uuid(ID, "contact_id"), 1000)}
WORDS = {"name": text("Reminder", 100), "text": Field("Hi $name", (*text("x", 1600).wrong, "$", "${name", "$1"))}
TOP_UP = {
    "tenant": Field(ID, (*uuid(ID).wrong, ID), thing="tenant_id"),
    "credits": whole(10, 1, 10**9),
    "reference": text("invoice-1", 80),
    "expires_at": Field(
        LATER, (*(v for v in when(LATER).wrong if v is not None), "2020-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59")
    ).optional(),
    "note": text("Paid.", 200, blank=True).optional(),
}

SMS_CALLS = (
    Call("post", f"{SMS}messages/", {**SEND, **PLAIN}, once=True),
    Call(
        "get",
        f"{SMS}messages/",
        query={
            "status": choice("queued"),
            "state": choice("pending"),
            "batch": uuid(ID),
            "recipient": phone("+255754123456"),
            "sender_id": Field("ACME", (values.NUL, "x" * 17)),
            "provider": Field("simulator", (values.NUL, "x" * 31)),
            "traffic": choice("otp"),
            **PERIOD,
            **PAGES,
        },
    ),
    Call("post", f"{SMS}messages/preview/", {**SEND, **MERGED}),
    Call("get", MESSAGE),
    Call("post", f"{MESSAGE}cancel/"),
    Call(
        "get",
        f"{SMS}batches/",
        query={"sender_id": Field("ACME", (values.NUL, "x" * 17)), "traffic": choice("otp"), **PERIOD, **PAGES},
    ),
    Call("get", BATCH),
    Call("post", f"{BATCH}cancel/"),
    Call(
        "get",
        f"{SMS}contacts/",
        query={
            "search": Field("ada", (values.NUL, "x" * 101)),
            "group": uuid(ID),
            "opted_out": yes_no(True),
            **PAGES,
        },
    ),
    Call("post", f"{SMS}contacts/", WHO, once=True),
    Call("get", CONTACT),
    Call("put", CONTACT, optional(WHO)),
    Call("patch", CONTACT, optional(WHO)),
    Call("delete", CONTACT),
    Call("post", f"{CONTACT}opt-out/"),
    Call("post", f"{CONTACT}opt-in/"),
    Call("post", f"{SMS}contacts/import/", {}, query={"dry_run": yes_no(True)}, file=True),
    Call("get", f"{SMS}contacts/export.csv"),
    Call("get", f"{SMS}groups/", query=PAGES),
    Call("post", f"{SMS}groups/", {"name": text("Customers", 100)}, once=True),
    Call("get", GROUP),
    Call("put", GROUP, {"name": text("Customers", 100)}),
    Call("patch", GROUP, {"name": text("Customers", 100)}),
    Call("delete", GROUP),
    Call("post", f"{GROUP}add/", MEMBERS),
    Call("post", f"{GROUP}remove/", MEMBERS),
    Call("get", f"{SMS}templates/", query=PAGES),
    Call("post", f"{SMS}templates/", WORDS, once=True),
    Call("get", TEMPLATE),
    Call("put", TEMPLATE, optional(WORDS)),
    Call("patch", TEMPLATE, optional(WORDS)),
    Call("delete", TEMPLATE),
    Call("get", f"{SMS}balance/"),
    Call(
        "get",
        f"{SMS}ledger/",
        query={"kind": choice("top_up"), **PERIOD, **PAGES},
    ),
    Call("get", f"{SMS}ledger/statement.csv", query=PERIOD),
    Call("get", f"{SMS}statistics/", query={"since": day(A_DAY), "until": day(A_DAY)}),
    Call("post", f"{SMS}top-ups/", TOP_UP, once=True),
    Call("post", f"{SMS}receipts/<slug:provider>/", {}, needs_credentials=False, signed=True),
)
