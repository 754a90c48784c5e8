"""Keep a claim alive while its worker works: a thread renews the lease, so that a dead worker is noticed soon."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from django.db import DatabaseError, connection

logger = structlog.get_logger(__name__)


@contextmanager
def lease_kept(renew_once: Callable[[], bool], *, every: datetime.timedelta, **ids: int) -> Iterator[None]:
    """Renew the lease of a claimed row until the block ends or `renew_once` says that the claim is lost.

    `ids` names the row in the log.
    """
    done = threading.Event()

    def renew() -> None:
        try:
            while not done.wait(every.total_seconds()):
                if not renew_once():
                    return
        except DatabaseError:
            # The lease runs out and the sweeper takes over: that is what it is there for.
            logger.warning("lease_not_renewed", exc_info=True, **ids)
        finally:
            connection.close()

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
