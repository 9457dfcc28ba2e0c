"""How the API reads and writes JSON."""

import datetime
import math
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder

#: Fields that a refusal names: there may be a hundred thousand.
MOST_REFUSED = 50
UNSTORABLE = "It holds a NUL character, half a surrogate pair, or a number without end."


class UtcEncoder(JSONEncoder):
    """Writes times as ISO 8601 in UTC with milliseconds and `Z`, wherever in a reply they stand."""

    def default(self, obj: Any) -> Any:
        if isinstance(obj, datetime.datetime):
            return obj.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return super().default(obj)


class UtcJSONRenderer(JSONRenderer):
    encoder_class = UtcEncoder


class ObjectJSONParser(JSONParser):
    """Accepts JSON objects only, and only text that Postgres can store."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            body = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None
        if not isinstance(body, dict):
            raise ParseError("The body must be a JSON object.")
        if not all(_storable(key) for key in body):
            raise ParseError("A field's name cannot be stored.")
        refused = (name for name, value in body.items() if not all(map(_storable, _values(value))))
        if errors := {name: [UNSTORABLE] for name in islice(refused, MOST_REFUSED)}:
            raise ValidationError(errors)
        return body


def _storable(value: Any) -> bool:
    """Whether Postgres can keep this text or number."""
    if isinstance(value, float):
        return math.isfinite(value)  # 1e400 is good JSON, and infinite in Python
    if not isinstance(value, str):
        return True
    try:
        return b"\x00" not in value.encode()
    except UnicodeEncodeError:
        return False


def _values(body: Any) -> Iterator[Any]:
    """Every key and value, at any depth."""
    waiting = [body]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Mapping):
            yield from item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
        else:
            yield item
