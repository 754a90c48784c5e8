"""Read what a 429 says."""

from __future__ import annotations

from collections.abc import Mapping

from recommendations.providers.spotify.errors import RateLimited

# Without Retry-After: one rolling window, or an hour once the developer's quota is used up.
WINDOW_SECONDS, QUOTA_SECONDS = 30, 3600


def rate_limit_of(headers: Mapping[str, str], reason: str) -> RateLimited:
    """Return the pause that a 429 asks for, in whole seconds."""
    quota = "QUOTA_EXCEEDED" in reason
    named = headers.get("Retry-After", "").strip()
    return RateLimited(int(named) if named.isdecimal() else QUOTA_SECONDS if quota else WINDOW_SECONDS, quota=quota)
