"""Calls that nobody thought of: what schemathesis makes of the OpenAPI schema, sent to the WSGI application.

The same seed makes the same calls. FUZZ_SEED and FUZZ_EXAMPLES change the seed and how many calls an operation gets;
`make fuzz` sets both.
"""

import functools
import io
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

import schemathesis
from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.carriers import signatures

SEED = int(os.environ.get("FUZZ_SEED", "20260310"))
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "20"))
THOROUGH = "FUZZ_EXAMPLES" in os.environ
FORM = "application/x-www-form-urlencoded"
RECEIPTS = "/api/sms/receipts/"
#: What ids in bodies and queries are those of, by the names of tests.conftest.
IDS = {
    "tenant_id": "tenant_id",
    "tenant": "tenant_id",
    "ids": "notification_id",
    "group": "group_id",
    "groups": "group_id",
    "template": "template_id",
    "contacts": "contact_id",
    "batch": "batch_id",
    "delivery": "webhook_delivery_id",
}


@schemathesis.serializer("text/csv")
def as_csv(ctx: Any, value: Any) -> bytes:
    """The file itself."""
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


def not_throttled(ctx: Any, response: Any, case: Any) -> None:
    """A throttle in the way would hide everything behind it."""
    assert response.status_code != 429, "A throttle is in the way: lift it in tests/test_fuzz.py"


CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
    not_throttled,
]
#: Explicit ones first (the examples of the schema, and the borders of every field where coverage is on), then made up.
AS_OFTEN = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


class SignedByCarrier:
    """Signs what goes to the carriers' webhook, as they do, or nothing would get past the signature."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not environ["PATH_INFO"].isascii():  # a server hands UTF-8 over like this (PEP 3333); werkzeug's client not
            environ["PATH_INFO"] = environ["PATH_INFO"].encode(errors="replace").decode("latin-1")
        if environ["PATH_INFO"].startswith(RECEIPTS):
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            target = WSGIRequest(environ).get_full_path()
            for name, value in signatures(target, body).items():
                environ["HTTP_" + name.upper().replace("-", "_")] = value
        answer: Iterable[bytes] = self.application(environ, start_response)
        return answer


@functools.cache
def described(*, coverage: bool) -> Any:
    """The schema as it is served. `coverage` adds calls at the borders of every field, one by one."""
    # What it learns from replies is left out: ids in them differ from run to run, and with them the calls.
    learning = {"extra-data-sources": {"responses": False}, "error-feedback": {"enabled": False}}
    phases = {"coverage": {"enabled": coverage}, "fuzzing": learning}
    config = SchemathesisConfig.from_dict({"seed": SEED, "phases": phases})
    return schemathesis.openapi.from_wsgi("/api/schema/", SignedByCarrier(get_wsgi_application()), config=config)


def each_operation(tag: str, call: Callable[[Any], None], *, coverage: bool) -> None:
    """Makes calls of every operation with this tag, and hands each to `call`."""
    schema = described(coverage=coverage).include(tag=tag)
    # The lazy loader of its own pytest plugin does not work with this pytest, and the other one is slow to collect.
    for found in schema.get_all_operations():
        operation = found.ok()
        test = build_operation_test(
            config=schema.config,
            operation=operation,
            test_func=call,
            given_kwargs={},
            explicit_settings=AS_OFTEN,
            feedback=FeedbackSources(),
        )
        test()


def aim(case: Any, rows: Mapping[str, str]) -> None:
    """Turns half of the ids of a call into those of rows that exist: made-up ones would all be 404."""
    for name, value in (case.path_parameters or {}).items():
        if name in rows and _is_to_exist(value):
            case.path_parameters[name] = rows[name]
        if name in ("check", "name") and len(value) % 2:
            case.path_parameters[name] = rows[name]
        if name == "provider" and len(value) % 2:
            case.path_parameters[name] = "twilio" if case.media_type == FORM else "simulator"
    if isinstance(case.body, dict):
        for name, row in IDS.items():
            _aim_at(case.body, name, rows[row])
    for name, row in IDS.items():
        _aim_at(case.query or {}, name, rows[row])


def _aim_at(given: dict[str, Any], name: str, row: str) -> None:
    found = given.get(name)
    if isinstance(found, list) and found and _is_to_exist(found[0]):
        found[0] = row
    elif _is_to_exist(found):
        given[name] = row


def _is_to_exist(value: Any) -> bool:
    try:
        return bool(UUID(str(value)).int % 2)
    except ValueError:
        return False
