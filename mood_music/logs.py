"""Logging: one line an event, one request id through web and worker, never a picture, an e-mail or a score."""

from __future__ import annotations

from typing import Any

import structlog

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configuration(*, json: bool, level: str) -> dict[str, Any]:
    """Set up structlog and return Django's LOGGING dictionary for it."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: Any = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    renderer,
                ],
                "foreign_pre_chain": _SHARED,
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # Its own request line would repeat structlog's.
            "django.server": {"handlers": [], "propagate": False},
            # It prints tokens at DEBUG and what people look for at ERROR; failures are logged by us, without either.
            "spotipy": {"level": "CRITICAL"},
            # At DEBUG it prints addresses with what people look for.
            "urllib3": {"level": "INFO"},
            # At INFO these say what each beat and each task start already say.
            "celery.beat": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            # Its lines at INFO hold addresses that were asked for; only the request id it binds is wanted.
            "django_structlog": {"level": "WARNING"},
        },
    }
