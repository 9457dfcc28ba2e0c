"""One report, in the forms that people, scripts, Nagios and Prometheus read: one file each."""

from collections.abc import Callable

from notifications.system_monitor.formats import health_json, nagios, openmetrics, text
from notifications.system_monitor.formats.document import Document, Look

#: By the name that the command's --format takes.
FORMATS: dict[str, Callable[[Document, Look], str]] = {
    "text": text.render,
    "json": health_json.render,
    "nagios": nagios.render,
    "openmetrics": openmetrics.render,
}

__all__ = ["FORMATS", "Document", "Look"]
