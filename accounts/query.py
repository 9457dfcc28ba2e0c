"""What a query string asks for."""

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request


def query_of(request: Request) -> dict[str, str]:
    """Its parameters. Raises ValidationError for one that is given twice: of two readers one takes the first."""
    twice = [name for name, values in request.query_params.lists() if len(values) > 1]
    if twice:
        raise ValidationError({name: ["Given more than once."] for name in twice})
    return request.query_params.dict()
