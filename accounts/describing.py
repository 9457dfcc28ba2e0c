"""How a call is described for `/api/schema/`: every room declares its calls in its `openapi`, with these words.

A view's method carries one line, the name of its declaration. What follows from the view itself (who may call it, ids
in its path, a body, an Idempotency-Key) is not declared: config.openapi reads it off.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import django_filters
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
    extend_schema_serializer,
)
from rest_framework import serializers

F = TypeVar("F", bound=Callable[..., Any])
Shape = type[serializers.Serializer[Any]] | serializers.Serializer[Any]
PROBLEM_MEDIA_TYPE = "application/problem+json"
CSV = "text/csv"
PROBLEM = {"$ref": "#/components/schemas/Problem"}


@extend_schema_field({"type": "boolean", "const": True})
class TrueField(serializers.BooleanField):
    """`success`, which errors have as false."""


@extend_schema_field({"type": "object", "additionalProperties": {}})
class ObjectField(serializers.JSONField):
    """A JSON object, whatever it holds."""


@extend_schema_serializer(many=False)
class Reply(serializers.Serializer[Any]):
    """The shape of a reply: every field (those that are `sometimes` there excepted), and no other unless `is_open`."""

    sometimes: ClassVar[Sequence[str]] = ()
    is_open: ClassVar[bool] = False


class Done(Reply):
    success = TrueField()


class Said(Done):
    message = serializers.CharField()


class Page(Reply):
    """Subclasses add `results`."""

    next = serializers.URLField(allow_null=True, help_text="The address of the next older page.")
    previous = serializers.URLField(allow_null=True, help_text="The address of the next newer page.")


def call(  # noqa: PLR0913 (one word for each thing that can be said of a call)
    name: str,
    summary: str,
    *,
    tag: str,
    reply: Shape | Mapping[str, Any],
    example: Any,
    status: int = 200,
    media_type: str = "application/json",
    body: Shape | Mapping[str, Any] | None = None,
    given: Any = None,
    query: Iterable[Any] = (),
    more: str = "",
    empty: Mapping[int, str] | None = None,
    refusals: Mapping[int, str | tuple[str, str]] | None = None,
    same_by_put: str = "",
) -> Callable[[F], F]:
    """Declares one call; the result decorates the view's method.

    `name` is the operationId, `example` a reply and `given` a body, both as JSON has them. `query` takes serializers,
    OpenApiParameters and what `filters` makes. `empty` are other good replies, without a body. `refusals` says why,
    for statuses that do not follow from the view, or whose general reason says too little; the code may stand
    beside it. Where a body has several media types, `body` names them, each with its own examples.
    Where one method answers PATCH and PUT alike, `same_by_put` is the operationId of the PUT.
    """
    replies: dict[Any, Any] = {(status, media_type): _reply(reply, summary, example)}
    replies |= {code: OpenApiResponse(None, why) for code, why in (empty or {}).items()}
    replies |= {(code, PROBLEM_MEDIA_TYPE): _refusal(refusal) for code, refusal in (refusals or {}).items()}
    examples = [] if given is None else [OpenApiExample("Request", given, request_only=True)]
    said: dict[str, Any] = {
        "summary": summary,
        "description": more,
        "tags": [tag],
        "request": body,
        "responses": replies,
        "parameters": list(query),
        "examples": examples,
    }

    def declare(method: F) -> F:
        if same_by_put:
            method = extend_schema(operation_id=same_by_put, methods=["PUT"], **said)(method)
            return extend_schema(operation_id=name, methods=["PATCH"], **said)(method)
        return extend_schema(operation_id=name, **said)(method)

    return declare


def _reply(reply: Shape | Mapping[str, Any], summary: str, example: Any) -> OpenApiResponse:
    return OpenApiResponse(reply, summary, [OpenApiExample("Reply", example, response_only=True)])


def _refusal(refusal: str | tuple[str, str]) -> OpenApiResponse:
    why, *codes = (refusal,) if isinstance(refusal, str) else refusal
    return OpenApiResponse(PROBLEM, why, [OpenApiExample("Code", code) for code in codes])


def reply_header(name: str, description: str, schema: dict[str, Any], *statuses: int) -> OpenApiParameter:
    """A header that every reply of these statuses carries; goes into `query`, as parameters do."""
    return OpenApiParameter(
        name, schema, OpenApiParameter.HEADER, required=True, description=description, response=list(statuses)
    )


def filters(of: type[django_filters.FilterSet]) -> list[OpenApiParameter]:
    """The query parameters of a FilterSet, read off its fields."""
    return [_filter(name, one) for name, one in of.base_filters.items()]


def _filter(name: str, one: django_filters.Filter) -> OpenApiParameter:
    schema: dict[str, Any] = {"type": "string"}
    if isinstance(one, django_filters.IsoDateTimeFilter):
        schema["format"] = "date-time"
    if isinstance(one, django_filters.UUIDFilter):
        schema["format"] = "uuid"
    if choices := one.extra.get("choices"):
        schema["enum"] = [value for value, _ in choices]
    if longest := one.extra.get("max_length"):
        schema["maxLength"] = longest
    return OpenApiParameter(name, schema, description=one.extra.get("help_text", ""))
