"""Renews leases that stand between calls, in one thread for all of a client's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from . import errors
from .models import Lease

OnLost = Callable[[errors.CdkNomadError], None]
#: The part of its time after which a lease is renewed: two renewals may be lost in a row.
PART = 1 / 3


@dataclass
class _Kept:
    lease: Lease
    due: float
    on_lost: OnLost | None


class Renewals:
    """The leases that a client keeps. The thread begins with the first of them, and ends with the last."""

    def __init__(self, renew: Callable[[Lease, float], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._renew = renew
        self._clock = clock
        self._kept: dict[tuple[str, int], _Kept] = {}
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def keep(self, lease: Lease, on_lost: OnLost | None = None) -> None:
        """Renews a lease from now on."""
        with self._change:
            if self._closed:
                raise errors.ConfigurationError("the client was closed; make another")
            self._kept[lease.id, lease.generation] = _Kept(lease, self._clock() + lease.ttl * PART, on_lost)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="cdk-nomad-renewals", daemon=True)
                self._thread.start()
            self._change.notify_all()

    def forget(self, lease: Lease) -> None:
        """Renews it no more."""
        with self._change:
            self._kept.pop((lease.id, lease.generation), None)
            self._change.notify_all()

    def close(self) -> None:
        """Renews nothing any more."""
        with self._change:
            self._closed = True
            self._kept.clear()
            self._change.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=5)

    def _run(self) -> None:
        while True:
            with self._change:
                due = min(self._kept.values(), key=lambda kept: kept.due, default=None)
                if due is None:
                    self._thread = None
                    return
                left = due.due - self._clock()
                if left > 0:
                    self._change.wait(left)
                    continue
                # Whoever is next comes next, also where this one takes long.
                due.due = self._clock() + due.lease.ttl * PART
            self._once(due)

    def _once(self, kept: _Kept) -> None:
        try:
            self._renew(kept.lease, kept.lease.ttl * PART)
        except (errors.LeaseEndedError, errors.ContainerUnknownError) as error:
            with self._change:
                known = self._kept.pop((kept.lease.id, kept.lease.generation), None)
            if known is not None and kept.on_lost is not None:
                with suppress(Exception):
                    kept.on_lost(error)
        except errors.CdkNomadError:
            # A service that is away may be back for the next one; the lease stands for longer than that.
            pass
