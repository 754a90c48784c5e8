"""Keep a claim alive while its worker works: a thread renews the lease, so that a dead worker is noticed soon."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.db import DatabaseError, connection

from emotion.models import Capture
from emotion.services import LEASE, lease_renew

logger = structlog.get_logger(__name__)

RENEW_EVERY = LEASE.total_seconds() / 4


@contextmanager
def lease_kept(capture: Capture) -> Iterator[None]:
    """Renew the lease of a claimed capture until the block ends or the claim is lost."""
    done = threading.Event()

    def renew() -> None:
        try:
            while not done.wait(RENEW_EVERY):
                if not lease_renew(capture=capture):
                    return
        except DatabaseError:
            # The lease runs out and the sweeper takes over: that is what it is there for.
            logger.warning("lease_not_renewed", capture_id=capture.pk, exc_info=True)
        finally:
            connection.close()

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
