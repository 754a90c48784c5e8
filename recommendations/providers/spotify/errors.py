"""What can go wrong with Spotify, one type for each thing that the site does about it. The ids name the words."""

from __future__ import annotations

from mood_music.errors import AppError


class SpotifyError(AppError):
    """Mark a foreseen failure; `message_id` of the type names its words."""

    words = "spotify_unavailable"

    def __init__(self) -> None:
        super().__init__(self.words)


class Unavailable(SpotifyError):
    """Mark an answer that did not come or made no sense: timeout, lost connection, 5xx, no JSON."""


class Paused(Unavailable):
    """Mark a call that was not made, because Spotify asked for a pause or failed too often, or the budget is used up.

    `retry_after` is in seconds.
    """

    words = "spotify_paused"

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


class RateLimited(Paused):
    """Mark a 429. `quota` says that the developer's quota is used up, not only this half minute's share."""

    def __init__(self, retry_after: int, *, quota: bool) -> None:
        super().__init__(retry_after)
        self.quota = quota


class Unauthorized(SpotifyError):
    """Mark a 401: the access token has ended."""


class NotConnected(SpotifyError):
    """Mark a call for a person who has not connected an account, or has just disconnected it."""

    words = "spotify_not_connected"


class ConnectionLost(SpotifyError):
    """Mark a connection that Spotify no longer honours: only the person can renew it."""

    words = "spotify_reconnect"


class Refused(SpotifyError):
    """Mark a 4xx that trying again will not change."""

    words = "spotify_refused"


class PremiumRequired(Refused):
    """Mark playback asked for by somebody without Premium."""

    words = "spotify_premium"


class NoDevice(Refused):
    """Mark playback without a device that could play."""

    words = "spotify_no_device"
