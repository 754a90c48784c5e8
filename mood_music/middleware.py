"""What every request passes: words for foreseen errors."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mood_music.errors import UserError
from mood_music.messages import message

logger = structlog.get_logger(__name__)

Answer = Callable[[HttpRequest], HttpResponse]


class ErrorMiddleware:
    """Turn a UserError that left a view into a page with its words, and a database that is down into a 503."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer the errors that are foreseen; leave the others to Django."""
        if isinstance(exception, UserError):
            response = render(request, "error.html", {"error": message(exception.message_id)}, status=exception.status)
            if exception.retry_after:
                response["Retry-After"] = str(exception.retry_after)
            return response
        if isinstance(exception, OperationalError):
            logger.error("database_unavailable", exc_info=exception)
            return HttpResponse(
                _unavailable_page(), status=503, headers={"Retry-After": "30"}, content_type="text/html; charset=utf-8"
            )
        return None


def _unavailable_page() -> str:
    # Rendered without the request: its context processors would ask the database that is down.
    from django.template.loader import render_to_string

    return render_to_string("503.html")
