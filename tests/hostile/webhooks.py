"""The rows of the table of hostile calls for webhooks, a tenant's and the platform's."""

from tests.hostile.calls import Call
from tests.hostile.sms import ID, PAGES
from tests.hostile.values import Field, choice, listing, optional, text, url, uuid, when, whole, yes_no

API = "api/notifications/"
ADDRESS = url("https://hooks.example.com/a")
INSIDE = ("https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/", "https://localhost/", "http://a.test/")
WEBHOOK = {
    "url": Field(
        ADDRESS.good, (*ADDRESS.wrong, "", None, "https://user:secret@a.test/", "https://a.test/#x", *INSIDE)
    ),
    "description": text("Ours", 200, blank=True).optional(),
    "categories": Field(["system"], tuple(v for v in listing(choice("system"), 11).wrong if v != []), required=False),
}
SINCE = when("2026-01-01T00:00:00Z")
REPLAY = {
    "since": Field(SINCE.good, (*SINCE.wrong, None)),
    "until": Field("2026-02-01T00:00:00Z", (*SINCE.wrong, None), required=False),
    "delivery": uuid(ID, "webhook_delivery_id").alone(),
    "only_failed": yes_no(True).optional(),
    "dry_run": yes_no(True).optional(),
}


def _calls(webhooks: str) -> tuple[Call, ...]:
    one = f"{webhooks}<uuid:endpoint_id>/"
    changes = optional({**WEBHOOK, "is_active": yes_no(True)})
    return (
        Call("get", webhooks),
        Call("post", webhooks, WEBHOOK, once=True),
        Call("get", one),
        Call("put", one, changes),
        Call("patch", one, changes),
        Call("delete", one),
        Call("post", f"{one}rotate/", {"overlap_hours": whole(24, 0, 168).optional()}, once=True),
        Call("post", f"{one}test/", once=True),
        Call("get", f"{one}deliveries/", query={"state": choice("sent"), "since": SINCE, "until": SINCE, **PAGES}),
        Call("post", f"{one}replay/", REPLAY, once=True),
    )


WEBHOOK_CALLS = (*_calls(f"{API}webhooks/"), *_calls(f"{API}system/webhooks/"))
