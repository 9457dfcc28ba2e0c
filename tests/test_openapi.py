"""Conventions of `/api/schema/`: every call is in it, says what it takes and gives, and does what it says."""

import functools
import io
import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator
from jsonschema_rs import Draft202012Validator
from rest_framework.test import APIClient

from accounts import services as accounts
from accounts.models import SignIn, User
from accounts.openapi import REFRESH, USER
from accounts.tokens import SessionRefreshToken
from conftest import signed_in
from notifications.openapi.inbox import ITEM
from sms.openapi.shapes import CONTACT, GROUP, TEMPLATE
from tenants.openapi import MINE
from tests.carriers import TWILIO_TOKEN, signatures
from tests.conftest import RowsOf

#: It describes itself, and its readers.
REFERENCE = {"/api/schema/", "/api/docs/"}
FOR_PLATFORM_ADMINS = (
    "/api/notifications/system/",
    "/api/notifications/templates/",
    "/api/notifications/preferences/platform/",
    "/api/sms/top-ups/",
)
#: What a call cannot do without.
QUERIES = {"/api/notifications/system/explain/": "?user={}&kind=problem_opened"}
FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
PROBLEM = "application/problem+json"


@functools.cache
def schema() -> Any:
    return SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in schema()["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


CALLS = [
    pytest.param(method, path, operation, id=operation["operationId"]) for method, path, operation in operations()
]
each_call = pytest.mark.parametrize(("method", "path", "operation"), CALLS)
#: The event stream is another process's, and tried in notifications/tests/test_stream*.py.
each_call_here = pytest.mark.parametrize(
    ("method", "path", "operation"), [one for one in CALLS if one.id != "watchInbox"]
)


def resolved(part: Any) -> Any:
    """What a `$ref` points to, or the part itself."""
    for name in part["$ref"].removeprefix("#/").split("/") if "$ref" in part else ():
        part = part[name] if name in part else schema()[name]
    return part


def fits(value: Any, shape: Any) -> None:
    whole = {"allOf": [shape], "components": schema()["components"]}
    Draft202012Validator(whole, validate_formats=True).validate(value)


def success(operation: dict[str, Any]) -> tuple[int, str, dict[str, Any]]:
    """The one good reply that has a body: its status, its media type and what is said of it."""
    ((code, reply),) = ((code, one) for code, one in operation["responses"].items() if code < "300")
    ((media_type, content),) = reply["content"].items()
    return int(code), media_type, content


def test_it_is_valid_and_made_without_a_warning() -> None:
    call_command("spectacular", fail_on_warn=True, validate=True, stdout=io.StringIO())


def test_every_call_that_exists_is_in_it_and_no_other() -> None:
    assert set(_served()) == {(method, path) for method, path, _ in operations()}


def _served(patterns: Any = None, prefix: str = "/") -> Iterator[tuple[str, str]]:
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        path = prefix + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from _served(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and path.startswith("/api/") and path not in REFERENCE:
            yield from ((method, path) for method in _methods(pattern.callback))


def _methods(view: Any) -> list[str]:
    """A plain function has none: it would be missing, unless it passes for a view (see `recent`)."""
    actions = getattr(view, "actions", None)
    found = actions or [name for name in view.cls.http_method_names if hasattr(view.cls, name)]
    return [name for name in found if name not in ("head", "options")]


def test_the_version_is_the_packages() -> None:
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    assert schema()["info"]["version"] == project["version"]


def test_names_of_operations_are_verbs_in_camel_case_and_once_each() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert [name for name in names if not re.fullmatch(r"[a-z]+(?:[A-Z][a-z]+)*", name)] == []
    assert len(set(names)) == len(names)


@each_call
def test_it_has_a_summary_a_known_tag_and_valid_examples(method: str, path: str, operation: dict[str, Any]) -> None:
    assert 3 < len(operation["summary"]) < 80
    assert not operation["summary"].endswith(".")
    (tag,) = operation["tags"]
    assert tag in {one["name"] for one in settings.SPECTACULAR_SETTINGS["TAGS"]}
    contents = [success(operation)[2]]
    if "requestBody" in operation:
        contents += operation["requestBody"]["content"].values()
    for content in contents:
        values = [example["value"] for example in content["examples"].values()]
        assert values
        for value in values:
            fits(value, content["schema"])


@each_call
def test_it_refuses_in_the_one_shape(method: str, path: str, operation: dict[str, Any]) -> None:
    refusals = {code: resolved(reply) for code, reply in operation["responses"].items() if code >= "400"}
    assert {"406", "503"} <= set(refusals)
    assert ("{" in path) <= ("404" in refusals)
    assert (operation["security"] != [{}]) == ("401" in refusals) or path.startswith("/api/auth/")
    assert ("requestBody" in operation) <= ({"400", "413"} <= set(refusals))
    assert path.startswith(FOR_PLATFORM_ADMINS) <= ("403" in refusals)
    takes_key = any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", []))
    assert takes_key == ("422" in refusals)
    if method == "post" and {"201", "202"} & set(operation["responses"]):
        assert takes_key, "what creates something may be sent again"
    for code, reply in refusals.items():
        assert reply["content"][PROBLEM]["schema"] == {"$ref": "#/components/schemas/Problem"}
        fits(reply["content"][PROBLEM]["example"], reply["content"][PROBLEM]["schema"])
        assert ("Retry-After" in reply["headers"]) == (code in ("429", "503"))


def test_replies_are_exact() -> None:
    """Every field is promised and no other allowed, where the contract does not leave it open."""
    shapes = schema()["components"]["schemas"].items()
    replies = {name: one for name, one in shapes if one.get("type") == "object" and not name.endswith("Request")}
    open_ones = {name for name, one in replies.items() if one["additionalProperties"] != False}  # noqa: E712
    assert open_ones == {"CleanupReply", "DeletedReply", "HealthStatus", "OneReply"}
    not_promised = {name: sorted(set(one["properties"]) - set(one["required"])) for name, one in replies.items()}
    assert {name: rest for name, rest in not_promised.items() if rest} == {
        "AnnouncedReply": ["job_id"],
        "Problem": ["errors"],
    }


@each_call_here
def test_its_example_works_and_the_reply_is_as_it_says(
    method: str,
    path: str,
    operation: dict[str, Any],
    admin: User,
    owner: User,
    topped_up: None,
    rows_of: RowsOf,
    settings: Any,
) -> None:
    user = admin if path.startswith(FOR_PLATFORM_ADMINS) else owner
    settings.TWILIO_AUTH_TOKEN = TWILIO_TOKEN
    rows = rows_of(user)
    status, media_type, said = success(operation)
    for sent_as, given in _given(operation):
        provider = "twilio" if sent_as == FORM else "simulator"
        address = path.format(**rows, provider=provider) + QUERIES.get(path, "").format(user.email)
        body = _encoded(sent_as, json.loads(_real(json.dumps(given), user, rows)))
        headers = signatures(address, body)
        content_type = MULTIPART_CONTENT if sent_as == MULTIPART else sent_as
        with transaction.atomic():
            reply = signed_in(user).generic(method.upper(), address, body, content_type, headers=headers)  # type: ignore[arg-type] # bytes too
            content = b"".join(reply)
            transaction.set_rollback(True)
        assert reply.status_code == status, content
        assert reply["Content-Type"].partition(";")[0] == media_type
        fits(json.loads(content) if media_type == "application/json" else content.decode(), said["schema"])


def _given(operation: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """An example of its body for each media type that it takes."""
    contents = operation["requestBody"]["content"].items() if "requestBody" in operation else ()
    for media_type, content in contents:
        yield media_type, next(iter(content["examples"].values()))["value"]
    if not contents:
        yield "application/json", None


def _encoded(media_type: str, given: Any) -> bytes:
    if given is None:
        return b""
    if media_type == "application/json":
        return json.dumps(given).encode()
    if media_type == FORM:
        return urlencode(given).encode()
    if media_type == MULTIPART:
        return encode_multipart(BOUNDARY, given | {"file": SimpleUploadedFile("contacts.csv", given["file"].encode())})
    return str(given).encode()


def _real(text: str, user: User, rows: dict[str, str]) -> str:
    """An example with the ids, the address and the token of somebody who exists."""
    session = accounts.record_success(user=user, method=SignIn.Method.TOKEN, address="127.0.0.1", user_agent="tests")
    real = {MINE["id"]: rows["tenant_id"], ITEM["id"]: rows["notification_id"], USER["email"]: user.email}
    real |= {CONTACT: rows["contact_id"], GROUP: rows["group_id"], TEMPLATE: rows["template_id"]}
    real[REFRESH] = str(SessionRefreshToken.for_session(session))
    for shown, existing in real.items():
        text = text.replace(shown, existing)
    return text


# --- What is served ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("accept", ["application/json", "application/vnd.oai.openapi+json", "*/*"])
def test_it_is_served_as_json(accept: str, anonymous: APIClient) -> None:
    reply = anonymous.get("/api/schema/", HTTP_ACCEPT=accept)
    assert reply["Content-Type"] in ("application/json", "application/vnd.oai.openapi+json")
    assert json.loads(reply.content) == schema()
    assert schema()["openapi"].startswith("3.1")


@pytest.mark.parametrize(("query", "accept"), [("?format=yaml", "*/*"), ("", "application/yaml")])
def test_it_is_served_as_yaml(query: str, accept: str, anonymous: APIClient) -> None:
    reply = anonymous.get(f"/api/schema/{query}", HTTP_ACCEPT=accept)
    assert reply["Content-Type"] == "application/yaml"
    assert yaml.safe_load(reply.content)["paths"].keys() == schema()["paths"].keys()


@pytest.mark.parametrize("path", ["/api/schema/?format=yaml", "/api/docs/"])
def test_errors_of_the_reference_are_json_as_everywhere(path: str, anonymous: APIClient) -> None:
    reply = anonymous.post(path, {})
    assert (reply.status_code, reply["Content-Type"]) == (405, PROBLEM)
    fits(json.loads(reply.content), {"$ref": "#/components/schemas/Problem"})


@pytest.mark.django_db
def test_the_docs_come_whole_from_this_server_and_without_an_inline_script(client: Client) -> None:
    page = client.get("/api/docs/")
    policy = page["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self' 'unsafe-inline'"} <= set(policy)
    assert {"form-action 'none'", "frame-ancestors 'none'"} <= set(policy)
    text = page.content.decode()
    assert re.findall(r"<script(?! src=)|<style| style=| on\w+=", text) == []
    addresses = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert len(addresses) == 5
    for address in addresses:
        assert address.startswith("/")
        reply = client.get(address)
        assert reply.status_code == 200
        reply.close()
    script = client.get("/api/docs/?script=").content.decode()
    assert 'url: "/api/schema/"' in script
    assert re.findall(r"https?://", script) == []
