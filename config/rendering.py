"""How the API reads and writes JSON."""

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder


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
        if not all(_storable(text) for text in _texts(body)):
            raise ParseError("Text must not contain NUL characters or unpaired surrogates.")
        return body


def _storable(text: str) -> bool:
    """Whether Postgres can keep this text."""
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False


def _texts(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, Mapping):
            yield from item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
