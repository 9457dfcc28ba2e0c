"""The API's reference: `/api/schema/` for programs, `/api/docs/` for people. Neither holds any data."""

import functools
from types import SimpleNamespace
from typing import Any

from csp.decorators import csp_replace
from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.utils.encoding import force_bytes
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.policies import REFERENCE
from config.rendering import UtcJSONRenderer


class ByFormat(DefaultContentNegotiation):
    """By the Accept header, and by `?format=json` or `?format=yaml`, which a browser can be asked for."""

    settings = SimpleNamespace(URL_FORMAT_OVERRIDE="format")  # type: ignore[assignment] # all that it reads of them


class PublicView(APIView):
    """For what holds no data. Its errors are JSON, whatever it is itself."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    schema = None

    def handle_exception(self, exc: Exception) -> Response:
        self.request.accepted_renderer, self.request.accepted_media_type = (
            UtcJSONRenderer(),
            UtcJSONRenderer.media_type,
        )
        return super().handle_exception(exc)


class SchemaView(PublicView):
    """GET: OpenAPI 3.1, as JSON or YAML."""

    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer2, OpenApiYamlRenderer]
    content_negotiation_class = ByFormat

    def get(self, request: Request) -> HttpResponse:
        media_type = str(request.accepted_renderer.media_type)
        return HttpResponse(_written(media_type), content_type=media_type)


@functools.cache
def _written(media_type: str) -> bytes:
    """Made once a process: it takes most of a second, and is the same for everybody."""
    (renderer,) = (one for one in SchemaView.renderer_classes if one.media_type == media_type)
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return force_bytes(renderer().render(schema, media_type, {}))


@method_decorator(csp_replace(REFERENCE), name="get")
class DocsView(PublicView, SpectacularSwaggerSplitView):
    """GET: Swagger UI, whole from this server, with its script in a request of its own."""

    template_name = "docs.html"

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)  # type: ignore[no-any-return, no-untyped-call]
