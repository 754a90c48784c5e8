"""What every address of the API shares: errors in one form."""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler as default_handler

from mood_music.errors import UserError
from mood_music.messages import message


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer a UserError with its id and its words; leave the others to the framework."""
    if isinstance(error, UserError):
        words = message(error.message_id)
        body = {"code": error.message_id, "title": words.title, "detail": words.text, "action": words.action}
        headers = {"Retry-After": str(error.retry_after)} if error.retry_after else None
        return Response(body, status=error.status, headers=headers)
    return default_handler(error, context)
