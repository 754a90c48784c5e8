"""The errors that services raise and edges translate. `messages.py` turns their ids into words."""

from __future__ import annotations


class AppError(Exception):
    """Mark a foreseen failure that the operator has to mend; `message_id` names it for good."""

    def __init__(self, message_id: str) -> None:
        super().__init__(message_id)
        self.message_id = message_id


class UserError(AppError):
    """Mark a foreseen failure that the person can mend; `status` is the HTTP status it is answered with."""

    def __init__(self, message_id: str, *, status: int = 400, retry_after: int | None = None) -> None:
        super().__init__(message_id)
        self.status = status
        self.retry_after = retry_after
