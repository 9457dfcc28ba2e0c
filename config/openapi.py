"""What `/api/schema/` says of every call alike: who may make it, how it refuses, and that replies are exact.

The calls themselves are declared in their rooms (`openapi` in each, with the words of accounts.describing).
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import SAFE_METHODS, AllowAny, IsAuthenticated

from accounts.describing import PROBLEM, PROBLEM_MEDIA_TYPE
from accounts.idempotency import HEADER, LONGEST_KEY, REPLAYED
from config.exceptions import problem
from tenants.permissions import TenantView

REQUEST_ID = "01961f10-3b7e-7a02-9c5d-4f8e1b6a3d97"
#: Why a call may be refused, and an example of the code that says so.
REFUSALS = {
    400: ("The input is wrong; `errors` says what, by field.", "invalid"),
    401: ("No credentials, or their session has ended.", "not_authenticated"),
    402: ("Not enough credits.", "not_enough_credits"),
    403: ("Not for this caller, or a session cookie without its X-CSRFToken.", "permission_denied"),
    404: ("There is no such thing, or it is not yours.", "not_found"),
    406: ("The Accept header leaves no JSON.", "not_acceptable"),
    409: ("It cannot be done to this one, or not any more.", "too_late"),
    413: ("The body is too large.", "body_too_large"),
    415: ("The body is not JSON.", "unsupported_media_type"),
    422: ("This Idempotency-Key was used for another request.", "idempotency_key_reused"),
    429: ("Too many calls.", "throttled"),
    503: ("The storage cannot be reached right now.", "unavailable"),
}
#: Headers that refusals of these statuses always carry.
REFUSAL_HEADERS = {401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}
EVERY_REPLY = {"X-Request-ID": {"$ref": "#/components/headers/X-Request-ID"}}
IDEMPOTENCY_KEY = OpenApiParameter(
    HEADER,
    {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[ -~]+$"},
    OpenApiParameter.HEADER,
    description="The same key and content within 24 hours get the first reply again, and nothing is done twice.",
)
IS_REPLAYED = OpenApiParameter(
    REPLAYED,
    {"type": "string", "const": "true"},
    OpenApiParameter.HEADER,
    description="Only on a reply that was given before.",
    response=[200, 201, 202],
)


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.SessionBoundJWTAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        words = "The access token of POST /api/auth/login/."
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": words}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "rest_framework.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        words = "The cookie of /sign-in/. Writes need the header X-CSRFToken besides."
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME, "description": words}


class ExactSerializer(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Replies hold all their fields and no others; see accounts.describing.Reply for what may differ."""

    target_class = "rest_framework.serializers.Serializer"
    match_subclasses = True
    priority = -2  # what drf-spectacular itself has for its own kinds comes first

    def map_serializer(self, auto_schema: AutoSchema, direction: str) -> Any:
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)  # type: ignore[no-untyped-call]
        if direction == "response":
            sometimes = getattr(self.target, "sometimes", ())
            schema["required"] = [name for name in schema["properties"] if name not in sometimes]
            schema["additionalProperties"] = {} if getattr(self.target, "is_open", False) else False
            for one in schema["properties"].values():
                one.pop("readOnly", None)
        return schema


class CallSchema(AutoSchema):
    """Adds to each call what follows from its view."""

    def get_operation(self, *args: Any) -> Any:
        operation = super().get_operation(*args)
        if operation is not None:
            responses = operation["responses"]
            for code in set(self._refusals(operation)):
                responses[str(code)] = _refusal(code, responses.get(str(code)))
            for response in responses.values():
                if "$ref" not in response:
                    response["headers"] = response.get("headers", {}) | EVERY_REPLY
            operation["responses"] = dict(sorted(responses.items()))
        return operation

    def get_override_parameters(self) -> list[Any]:
        return [IDEMPOTENCY_KEY, IS_REPLAYED] if self._is_idempotent else []

    @property
    def _is_idempotent(self) -> bool:
        name = getattr(self.view, "action", None) or self.method.lower()
        return getattr(getattr(self.view, name), "is_idempotent", False)

    def _refusals(self, operation: dict[str, Any]) -> Iterator[int]:
        """The statuses it can be refused with: those that its declaration names, and those that its view implies."""
        yield from (int(code) for code, reply in operation["responses"].items() if PROBLEM_MEDIA_TYPE in _media(reply))
        authenticators = self.view.get_authenticators()
        if "requestBody" in operation or any(one["in"] != "path" for one in operation.get("parameters", [])):
            yield 400
        if authenticators:
            yield 401
        if authenticators and (self._is_for_some or (self.method not in SAFE_METHODS and _by_cookie(authenticators))):
            yield 403
        if "{" in self.path:
            yield 404
        yield 406
        if "requestBody" in operation:
            yield 413
        if "requestBody" in operation and self.view.parser_classes:
            yield 415
        if self._is_idempotent:
            yield 422
        if self.view.get_throttles():
            yield 429
        yield 503

    @property
    def _is_for_some(self) -> bool:
        """Whether being signed in is not enough."""
        others = {type(one) for one in self.view.get_permissions()} - {AllowAny, IsAuthenticated}
        return bool(others) or isinstance(self.view, TenantView)


def _by_cookie(authenticators: list[Any]) -> bool:
    return any(isinstance(one, SessionAuthentication) for one in authenticators)


def _media(response: dict[str, Any]) -> Any:
    return response.get("content", {})


def _refusal(status: int, declared: dict[str, Any] | None) -> dict[str, Any]:
    """Its general reason, or the one that the call declares, with the code that may stand beside it."""
    if declared is None:
        return {"$ref": f"#/components/responses/{_name(status)}"}
    codes = _media(declared)[PROBLEM_MEDIA_TYPE].get("examples", {})
    code = next((one["value"] for one in codes.values()), REFUSALS[status][1])
    return _described(status, declared["description"], code)


def _name(code: int) -> str:
    return HTTPStatus(code).phrase.replace(" ", "")


def _described(status: int, why: str, code: str) -> dict[str, Any]:
    errors = (
        {"limit": ["Ensure this value is less than or equal to 50."]} if status == HTTPStatus.BAD_REQUEST else None
    )
    example = problem(status_code=status, detail=why, code=code, request_id=REQUEST_ID, errors=errors)
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in REFUSAL_HEADERS.get(status, [])}
    content = {PROBLEM_MEDIA_TYPE: {"schema": PROBLEM, "example": example}}
    return {"description": why, "headers": headers | EVERY_REPLY, "content": content}


def describe_refusals(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Postprocessing: the one error shape, and the refusals and headers that the calls point to."""
    texts = {name: {"type": "string"} for name in ("type", "title", "detail", "error", "code", "request_id")}
    shape = {
        "type": "object",
        "description": "RFC 9457, with `success` and `error` for older clients.",
        "properties": texts
        | {
            "status": {"type": "integer"},
            "success": {"type": "boolean", "const": False},
            "errors": {
                "type": "object",
                "description": "What is wrong, by field. Only where it is about the input.",
                "additionalProperties": {"type": "array", "items": {"type": "string"}},
            },
        },
        "required": [*texts, "status", "success"],
        "additionalProperties": False,
    }
    parts = result["components"]
    parts["schemas"] = dict(sorted({**parts["schemas"], "Problem": shape}.items()))
    parts["responses"] = {_name(status): _described(status, *words) for status, words in REFUSALS.items()}
    parts["headers"] = {
        "X-Request-ID": _header("Finds the call in our logs.", {"type": "string"}),
        "Retry-After": _header("Seconds to wait before the next try.", {"type": "integer", "minimum": 1}),
        "WWW-Authenticate": _header("How to bring credentials.", {"type": "string"}),
    }
    return result


def _header(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "required": True, "schema": schema}
