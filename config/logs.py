"""Structured logs on standard error: one line an event, with the request id where there is a request."""

import logging
import logging.config

import structlog
from structlog.typing import Processor

#: Where it went wrong, without the values: a frame's locals hold passwords and tokens.
FRAMES_ONLY = structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=12)


def configure(*, level: str, as_json: bool) -> None:
    """Sends structlog's and every library's records through one formatter."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = (
        [structlog.processors.ExceptionRenderer(FRAMES_ONLY), structlog.processors.JSONRenderer()]
        if as_json
        else [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "one": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "one"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {
                # A line or more for each task, and tasks are only hints.
                "celery.app.trace": {"level": "WARNING"},
                "celery.beat": {"level": "WARNING"},
                "apprise": {"level": "CRITICAL"},  # its lines may quote an address with its token; ours do not
                "celery.worker.strategy": {"level": "WARNING"},
                "django.request": {"level": "ERROR"},  # 4xx are the client's; 5xx are kept
            },
        }
    )
