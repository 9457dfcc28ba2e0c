"""What a call brings along: its query string and its body."""

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.serializers import Serializer


def query_of(request: Request) -> dict[str, str]:
    """Its parameters. Raises ValidationError for one that is given twice: of two readers one takes the first."""
    twice = [name for name, values in request.query_params.lists() if len(values) > 1]
    if twice:
        raise ValidationError({name: ["Given more than once."] for name in twice})
    return request.query_params.dict()


def read_query(request: Request, serializer: type[Serializer[Any]]) -> dict[str, Any]:
    """The query string, as the serializer understands it. Raises ValidationError."""
    return _read(serializer(data=query_of(request)))


def read_body(request: Request, serializer: type[Serializer[Any]], *, partial: bool = False) -> dict[str, Any]:
    """The body, as the serializer understands it; `partial`: nothing in it is required. Raises ValidationError."""
    return _read(serializer(data=request.data, partial=partial))


def _read(given: Serializer[Any]) -> dict[str, Any]:
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)
