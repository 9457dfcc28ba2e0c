"""CSV in and out."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.http import StreamingHttpResponse
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from sms.sheets import MAX_BYTES, written
from sms.views.errors import FileTooLarge

#: What a form adds to its file: boundaries and headers.
ENVELOPE = 10_000


class CsvParser(BaseParser):
    """The body itself is the file."""

    media_type = "text/csv"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, bytes]:
        _require_small(parser_context)
        return {"file": stream.read(MAX_BYTES + 1)}


class FileParser(MultiPartParser):
    """A form with a file, refused by its length before it is written to disk."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        _require_small(parser_context)
        return super().parse(stream, media_type, parser_context)


class _AsCsv(BaseRenderer):
    """Says that there is CSV to be had; `csv_reply` writes it."""

    media_type = "text/csv"


class AnyAccept(DefaultContentNegotiation):
    """For what answers with a file: whoever accepts text/csv alone still gets it, and a refusal as JSON."""

    def select_renderer(self, request: Request, renderers: Iterable[Any], format_suffix: str | None = None) -> Any:
        renderer, *others = renderers
        super().select_renderer(request, [renderer, *others, _AsCsv()], format_suffix)
        return renderer, renderer.media_type


def csv_reply(name: str, rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """A file to be saved under this name, written while its rows are read."""
    response = StreamingHttpResponse(written(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _require_small(context: Mapping[str, Any]) -> None:
    try:
        length = int(context["request"].META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return
    if length > MAX_BYTES + ENVELOPE:
        raise FileTooLarge
