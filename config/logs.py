"""Structured logs on standard error: one line an event, with the request id where there is a request."""

import logging
import logging.config

import structlog
from structlog.typing import Processor

#: Where it went wrong, without the values: a frame's locals hold passwords and tokens.
FRAMES_ONLY = structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=12)


SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
LOGGERS = {
    # A line or more for each task, and tasks are only hints.
    "celery.app.trace": {"level": "WARNING"},
    "celery.beat": {"level": "WARNING"},
    "celery.worker.strategy": {"level": "WARNING"},
    "apprise": {"level": "CRITICAL"},  # its lines may quote an address with its token; ours do not
    "django.request": {"level": "ERROR"},  # 4xx are the client's; 5xx are kept
}


def configure(*, level: str, as_json: bool) -> None:
    """Sends structlog's and every library's records through one formatter."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": SHARED,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_last(as_json)],
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"one": formatter},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "one"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": LOGGERS,
        }
    )


def _last(as_json: bool) -> list[Processor]:
    if as_json:
        return [structlog.processors.ExceptionRenderer(FRAMES_ONLY), structlog.processors.JSONRenderer()]
    return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
