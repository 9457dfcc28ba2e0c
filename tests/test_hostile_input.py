"""Whatever is sent, the answer is a 4xx in the one shape that names the field, and nothing is written.

The table below has a row for every method of every route. From it come some thousand hostile requests: each field
with each value it must refuse, bodies that are none, headers that are garbage. A route without a row fails, and
so does a field that a view reads and its row does not have.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.db import transaction
from pytest_django import Settings

from accounts.models import User
from conftest import PASSWORD
from notifications.tests.helpers import tell
from sms import services as sms
from tenants import services as tenants
from tenants.models import Membership, Tenant
from tenants.scope import all_tenants
from tests import routes
from tests.database import contents
from tests.hostile import values
from tests.hostile.calls import Call, Caller, Refusals, assert_tells_nothing, names_that_are_read
from tests.hostile.history import HISTORY_CALLS
from tests.hostile.incidents import INCIDENT_CALLS, MAINTENANCE_CALLS
from tests.hostile.preferences import PREFERENCE_CALLS
from tests.hostile.sms import ID, LATER, PAGES, SMS_CALLS
from tests.hostile.values import Field, choice, listing, obj, optional, phone, text, url, uuid, when, whole, yes_no
from tests.hostile.webhooks import WEBHOOK_CALLS

AUTH, TENANTS, API = "api/auth/", "api/tenants/", "api/notifications/"
ONE, SYSTEM, TEMPLATES = f"{API}<uuid:notification_id>/", f"{API}system/", f"{API}templates/"
TEMPLATE = f"{TEMPLATES}<uuid:template_id>/"


PASSWORDS = Field("x", (*text("x", 128, blank=True).wrong, ""))  # of spaces alone is one too
ODD_TOKENS = ("x", "a.b.c", "\u0663.\u0663.\u0663", f"{values.BIDI}a.b.c", "...", "eyJhbGciOiJub25lIn0.e30.")
REFRESH = {"refresh": Field("x", text("x", 4096).wrong, odd=ODD_TOKENS)}
PROFILE = optional(
    {
        "first_name": text("Ada", 150, blank=True),
        "last_name": text("Lovelace", 150, blank=True),
        "phone_number": phone("+255754123456"),
        "timezone": Field("Africa/Dar_es_Salaam", (*text("x", 64).wrong, "Mars/Base", "UTC+3", "../etc/passwd")),
        "avatar": url("https://example.com/ada.png"),
        "bio": text("Counts.", 1000, blank=True),
        "email_notifications": yes_no(True),
        "sms_notifications": yes_no(False),
    }
)
FILTERS = optional(
    {
        "status": choice("read"),
        "type": choice("system"),
        "notification_type": choice("system"),
        "priority": choice("high"),
        "is_system": yes_no(True),
        "is_archived": yes_no(False),
        "search": Field("invoice", (values.NUL, "x" * 201)),
        "since": when("2026-01-01T00:00:00Z"),
        "until": when("2026-01-01T00:00:00Z"),
    }
)
SETTINGS = optional(
    {
        "email_notifications_enabled": yes_no(True),
        "sms_notifications_enabled": yes_no(True),
        "in_app_notifications_enabled": yes_no(True),
        "sms_credit_warning_threshold": whole(30, 1, 100),
        "sms_credit_critical_threshold": whole(5, 1, 100),
    }
)
WORDS = {
    "kind": Field("problem_resolved", (*text("x", 60).wrong, "nonsense", "PROBLEM_RESOLVED", values.BIDI)),
    "name": text("Ours", 200),
    "title": Field("It is over: $title", (*text("x", 200).wrong, "$nonsense", "$", "${title", "${title.__class__}")),
    "message": Field("After $duration.", (*text("x", 4000).wrong, "$nonsense", "$", "${title.__class__}")),
    "notification_type": choice("success").optional(),
    "priority": choice("low").optional(),
    "is_active": yes_no(False).optional(),
}
ANNOUNCEMENT = {
    "title": text("Maintenance", 200),
    "message": text("On Sunday.", 4000),
    **optional(
        {
            "notification_type": choice("info"),
            "type": choice("info"),
            "priority": choice("low"),
            "link": url("/inbox/"),
            "action_url": url("https://example.com/"),
            "metadata": obj({"a": 1}),
            "data": obj({"a": 1}),
            "audience": Field(
                "admins",
                (
                    *(*values.NOT_A_WORD, "", "nonsense", "ADMINS", 5, True, {"tenant": ""}, {"tenant": 5}),
                    *({"tenant": "nonsense"}, {"tenant": values.NUL}, {"tenant": values.LONG}, {"emails": []}),
                    *({"emails": "x"}, {"emails": [5]}, {"emails": ["nobody@acme.test"]}, {"emails": [values.NUL]}),
                    *({"emails": ["a@b.test"] * 501}, {"emails": [[]]}, {"tenant": "acme", "emails": ["a@b.test"]}),
                ),
            ),
            "expires_at": Field(LATER, (*when(LATER).wrong, "2020-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59")),
        }
    ),
}
CALLS = (
    Call("post", f"{AUTH}login/", {"email": text("x", 254), "password": PASSWORDS}, needs_credentials=False),
    Call("post", f"{AUTH}token/refresh/", REFRESH, needs_credentials=False),
    Call("post", f"{AUTH}logout/", REFRESH, needs_credentials=False),
    Call("get", f"{AUTH}profile/"),
    Call("patch", f"{AUTH}profile/", PROFILE),
    Call("get", f"{AUTH}settings/profile/"),
    Call("put", f"{AUTH}settings/profile/", PROFILE),
    Call("get", TENANTS),
    Call("post", f"{TENANTS}switch/", {"tenant_id": uuid(ID, "tenant_id")}),
    Call("get", f"{TENANTS}<uuid:tenant_id>/members/"),
    *SMS_CALLS,
    Call("get", API, query={**FILTERS, **PAGES}),
    Call("get", f"{API}recent/", query={"limit": whole(10, 1, 50)}),
    Call("get", f"{API}real/", query={**FILTERS, "limit": whole(20, 1, 100)}),
    Call("get", f"{API}unread-count/"),
    Call("get", f"{API}stats/"),
    Call("get", ONE),
    Call("get", f"{ONE}deliveries/"),
    Call("post", f"{ONE}mark-read/"),
    Call("post", f"{ONE}mark-unread/"),
    Call("post", f"{ONE}archive/"),
    Call("delete", ONE),
    Call("post", f"{API}mark-all-read/", {"before": Field(LATER, (*when(LATER).wrong, *uuid(ID).wrong)).optional()}),
    Call("post", f"{API}bulk/", {"ids": listing(uuid(ID), 500), "action": choice("mark_read")}),
    Call("get", f"{API}stream/"),
    Call("post", f"{API}stream/ticket/"),
    Call("get", f"{API}settings/"),
    Call("put", f"{API}settings/", SETTINGS),
    Call("patch", f"{API}settings/", SETTINGS),
    *PREFERENCE_CALLS,
    Call(
        "post",
        f"{API}sms-credit/test/",
        {"current_credits": whole(5, 0, 10**15), "total_credits": whole(100, 1, 10**15)},
    ),
    Call("get", f"{SYSTEM}health-check/"),
    Call(
        "post",
        f"{SYSTEM}report-problem/",
        {
            "problem_type": text("Slow site", 100),
            "description": text("Ten seconds.", 2000),
            "priority": choice("high").optional(),
            "data": obj({"page": "/"}).optional(),
        },
        once=True,
    ),
    Call("post", f"{SYSTEM}create/", ANNOUNCEMENT, once=True),
    Call("get", f"{SYSTEM}create/<uuid:job_id>/"),
    *INCIDENT_CALLS,
    *MAINTENANCE_CALLS,
    Call("post", f"{SYSTEM}cleanup/", optional({"days": whole(30, 1, 36500), "dry_run": yes_no(True)})),
    *HISTORY_CALLS,
    *WEBHOOK_CALLS,
    Call("get", TEMPLATES),
    Call("post", TEMPLATES, WORDS, once=True),
    Call("get", TEMPLATE),
    Call("put", TEMPLATE, optional(WORDS)),
    Call("patch", TEMPLATE, optional(WORDS)),
    Call("delete", TEMPLATE),
    Call("post", f"{TEMPLATE}preview/", {"context": obj({"title": "Hi"}).optional()}),
)
with_body = pytest.mark.parametrize("call", [call for call in CALLS if call.body is not None], ids=str)
with_fields = pytest.mark.parametrize("call", [call for call in CALLS if call.body], ids=str)
with_query = pytest.mark.parametrize("call", [call for call in CALLS if call.query], ids=str)
every = pytest.mark.parametrize("call", CALLS, ids=str)


@pytest.fixture(scope="module")
def prepared(django_db_setup: None, django_db_blocker: Any) -> Iterator[Caller]:
    """One of everything, made once: each test's own transaction lies within this one."""
    with django_db_blocker.unblock(), transaction.atomic():
        tenant = Tenant.objects.create(name="Acme", slug="acme")
        owner = User.objects.create_user("owner@acme.test", PASSWORD, is_staff=True)
        tenants.add_member(tenant=tenant, user=owner, role=Membership.Role.OWNER)
        with all_tenants(because="the test's tenant is topped up"):
            sms.top_up(tenant_id=tenant.pk, credits=100_000)
        yield Caller(owner, tenant)
        transaction.set_rollback(True)


@pytest.fixture
def caller(prepared: Caller, db: None, settings: Settings) -> Caller:
    settings.READS_PER_MINUTE = settings.WRITES_PER_MINUTE = settings.CALLS_PER_MINUTE_AND_ADDRESS = 0
    settings.ANONYMOUS_CALLS_PER_MINUTE, settings.POLLS_PER_MINUTE = 0, 10**9
    settings.SIGN_IN_ATTEMPTS_PER_MINUTE = settings.SIGN_IN_ATTEMPTS_PER_MINUTE_AND_ADDRESS = 0
    settings.HEALTH_CHECK_MAX_AGE = settings.IDEMPOTENCY_KEPT
    return prepared.once_more()


@pytest.fixture
def refusals(caller: Caller) -> Iterator[Refusals]:
    collected = Refusals()
    yield collected
    collected.settle()


# --- The table itself ---------------------------------------------------------------------------------------------


def test_every_route_has_its_hostile_rows(caller: Caller) -> None:
    for route in routes.WITH_DATA:
        in_table = {call.method for call in CALLS if call.route == route}
        assert routes.methods(caller.client, route, caller.things) == in_table, route


def test_a_refusal_that_writes_is_found_out(caller: Caller, refusals: Refusals) -> None:
    refused = caller.stranger.get("/api/notifications/stats/")
    refusals.judge("nothing is written", refused, status=(401,))
    assert refusals.faults == []
    tell(caller.user)
    refusals.judge("something is", refused, status=(401,))
    (fault,) = refusals.faults
    assert "written: ['notifications_" in fault
    refusals.faults.clear()


@every
def test_every_field_that_is_read_has_its_hostile_values_and_a_good_one(
    call: Call, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller.sign_in()  # a poll of a new session goes the long way
    read = names_that_are_read(monkeypatch)
    query = "?" + "&".join(f"{name}={quote(str(one.good))}" for name, one in call.query.items() if not one.apart)
    content, content_type = values.as_json(caller.good(call)), values.JSON
    if call.signed:
        content = b'{"receipts": []}'
    elif call.file:
        content, content_type = b"phone,name\n0754000009,Asha\n", "text/csv"
    response = caller.send(call, content if call.body is not None else b"{", content_type, query=query)
    is_token_or_password = call.route.startswith(AUTH) and not call.needs_credentials
    assert response.status_code < 400 or is_token_or_password, response.content
    assert read == set(call.body or {}) | set(call.query)


# --- Bodies -------------------------------------------------------------------------------------------------------


@with_body
def test_a_body_that_is_none(call: Call, caller: Caller, refusals: Refusals) -> None:
    for name, (content, content_type) in values.BODIES.items():
        if not (call.signed and content_type != values.JSON and content.startswith(b"{")):  # read whatever its type
            refusals.judge(name, caller.send(call, content, content_type), status=(400, 413, 415))
    if any(one.required for one in (call.body or {}).values()) or call.signed:
        for name, content in {"nothing": b"", "an empty object": b"{}"}.items():
            refusals.judge(name, caller.send(call, content), status=(400,))


@with_fields
def test_a_field_that_is_wrong(call: Call, caller: Caller, refusals: Refusals) -> None:
    good = caller.good(call)
    for name, one in (call.body or {}).items():
        for value in one.wrong:
            content = values.as_json(good | {name: value})
            refusals.judge((name, value), caller.send(call, content), field=name)
        for value in one.odd:
            refusals.judge((name, value), caller.send(call, values.as_json(good | {name: value})))
        if one.required:
            rest = {key: value for key, value in good.items() if key != name}
            refusals.judge(f"no {name}", caller.send(call, values.as_json(rest)), field=name)


# --- Queries, addresses and headers ------------------------------------------------------------------------------


@with_query
def test_a_parameter_that_is_wrong(call: Call, caller: Caller, refusals: Refusals) -> None:
    for name, one in call.query.items():
        for value in one.wrong:
            if isinstance(value, str | int | float) and not isinstance(value, bool) and value not in ("", values.HALF):
                refusals.judge(
                    (name, value), caller.send(call, query=f"?{name}={quote(str(value)[:5000])}"), field=name
                )
        twice = f"?{name}={quote(str(one.good))}&{name}={quote(str(one.good))}"
        refusals.judge(f"{name} twice", caller.send(call, query=twice), field=name)
        refusals.judge(f"{name} as bytes", caller.send(call, query=f"?{name}=%00%ff%ed%a0%80"), field=name)


@pytest.mark.parametrize("call", [call for call in CALLS if "<uuid" in call.route], ids=str)
def test_an_id_that_is_none_or_nobodys(call: Call, caller: Caller, refusals: Refusals) -> None:
    name = routes.thing_of(call.route)
    for value in (uuid4(), "x", "%00", "%ED%A0%80", "0" * 5000, quote(values.ARABIC_ID), f"{ID}%0A", "..%2f", "{}"):
        caller.things[name] = value
        refusals.judge(value, caller.send(call, values.as_json(caller.good(call))), status=(404,))


@pytest.mark.parametrize("call", [call for call in CALLS if call.needs_credentials], ids=str)
def test_credentials_that_are_none(call: Call, caller: Caller, refusals: Refusals) -> None:
    for value in values.CREDENTIALS:
        response = caller.send(call, values.as_json(caller.good(call)), HTTP_AUTHORIZATION=value)
        refusals.judge(value, response, status=(401,))


@every
def test_an_answer_is_wanted_in_a_format_that_there_is_not(call: Call, caller: Caller, refusals: Refusals) -> None:
    for value in values.FORMATS:
        content = values.as_json(caller.good(call))
        refusals.judge(value, caller.send(call, content, HTTP_ACCEPT=value), status=(406,))


@pytest.mark.parametrize("call", [call for call in CALLS if call.once], ids=str)
def test_an_idempotency_key_that_is_none(call: Call, caller: Caller, refusals: Refusals) -> None:
    for value in values.KEYS:
        response = caller.send(call, values.as_json(caller.good(call)), HTTP_IDEMPOTENCY_KEY=value)
        refusals.judge(value, response, field="Idempotency-Key")


@pytest.mark.parametrize("call", [call for call in CALLS if call.once], ids=str)
def test_sent_again_with_its_key_it_is_answered_again_and_not_done_again(call: Call, caller: Caller) -> None:
    content = values.as_json(caller.good(call))
    first = caller.send(call, content, HTTP_IDEMPOTENCY_KEY="one")
    assert first.status_code < 300, first.content
    before = contents()
    again = caller.send(call, content, HTTP_IDEMPOTENCY_KEY="one")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again["Idempotency-Replayed"] == "true"
    assert contents() == before


@every
def test_other_headers_are_garbage(call: Call, caller: Caller) -> None:
    """These are wishes: they are passed over, and an answer is neither spoiled by them nor gives them back."""
    expected = {caller.send(call, b"{").status_code, 404 if call.method == "delete" else 0}
    for header in ("HTTP_IF_NONE_MATCH", "HTTP_X_REQUEST_ID", "HTTP_COOKIE", "HTTP_ORIGIN", "HTTP_USER_AGENT"):
        for value in values.GARBAGE:
            response = caller.send(call, b"{", **{header: value})
            assert response.status_code in expected, (header, value, response.content)
            assert value not in str(response.headers)
            assert_tells_nothing(response)


@every
def test_a_charset_that_is_none_of_text(call: Call, caller: Caller) -> None:
    for charset in values.CHARSETS:
        status = caller.status_at_the_door(call, b"{", f"{values.JSON}; charset={charset}")
        assert not status.startswith("5"), (charset, status)
