"""Where the event stream answers: behind the same proxy as the API, or at a port of its own."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse


def address_of_stream(request: HttpRequest) -> str:
    """STREAM_URL, else this host at STREAM_PORT."""
    return str(settings.STREAM_URL) or f"{origin_of_stream(request)}{reverse('notification-stream')}"


def origin_of_stream(request: HttpRequest) -> str:
    """Scheme, host and port of it, as a Content-Security-Policy names them."""
    if settings.STREAM_URL:
        parts = urlsplit(str(settings.STREAM_URL))
        return f"{parts.scheme}://{parts.netloc}"
    host = urlsplit(f"//{request.get_host()}").hostname or ""
    name = f"[{host}]" if ":" in host else host
    return f"{request.scheme}://{name}:{settings.STREAM_PORT}"
