"""Handles of the synchronous client: a container that is leased, and a command that runs in it."""

from __future__ import annotations

import codecs
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

import httpx

from . import _requests, _wire, errors, models
from ._requests import Environment

if TYPE_CHECKING:
    from .client import PoolsClient


class CancelledByCallerError(Exception):
    """A command was cancelled before it was sent."""


class Container:
    """A container, or a slot of a sandbox, that is leased. Leaving its ``with`` releases it."""

    def __init__(self, client: PoolsClient, lease: models.Lease) -> None:
        self._client = client
        self.lease = lease

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.release()
        except errors.CdkNomadError:
            # What went wrong inside counts for more; the lease ends with its time.
            if error is None:
                raise

    @property
    def id(self) -> str:
        """What calls name."""
        return self.lease.id

    @property
    def client(self) -> PoolsClient:
        """The client that it was claimed with."""
        return self._client

    def execute(
        self,
        command: str,
        *,
        env: Environment | None = None,
        secrets: Environment | None = None,
        stdin: str | None = None,
        cwd: str | None = None,
        timeout: float | None = None,
        deadline: float = _wire.ANSWERED,
    ) -> models.Result:
        """Runs a command, and waits for its end.

        :param secrets: secret variables; they stand in no job, argument or log
        :param timeout: seconds until it is killed with everything that it started: exit code 124
        :param deadline: seconds in which it has to begin, where the service is busy or away at first
        :raises LeaseEndedError: where the lease is over: nothing was run
        :raises PlaceLostError, ConnectionLostError: where what the command did is not known
        """
        request = _requests.run(self.lease, command, env, secrets, stdin, cwd, timeout, lines=False)
        return _wire.result(_wire.parsed(self._client._ask(request, deadline)))

    def stream(
        self,
        command: str,
        *,
        env: Environment | None = None,
        secrets: Environment | None = None,
        stdin: str | None = None,
        cwd: str | None = None,
        timeout: float | None = None,
        deadline: float = _wire.ANSWERED,
    ) -> Execution:
        """Runs a command, and gives its output as it comes: iterate over it. Nothing is sent before the first piece is asked for."""
        request = _requests.run(self.lease, command, env, secrets, stdin, cwd, timeout, lines=True)
        return Execution(self._client, request, deadline, None)

    def renew(self) -> None:
        """Says that it is still wanted: the lease stands for its ttl again.

        :raises LeaseEndedError, ContainerUnknownError: where it is over
        """
        self._client._renew_quietly(self.lease, _wire.ANSWERED)

    def release(self) -> bool:
        """Gives it back: what runs in it ends, and it is emptied or replaced. Returns whether the lease stood until now."""
        return self._client._release(self.lease)


class Execution:
    """A command whose output comes as it is written.

    Iterate over it once; then :attr:`exit` says how it ended. Leaving it early, by ``with`` or :meth:`cancel`, ends the command
    with everything that it started. :meth:`cancel` may be called from any thread.
    """

    def __init__(
        self,
        client: PoolsClient,
        request: _wire.Request,
        deadline: float,
        on_progress: Callable[[str], None] | None,
    ) -> None:
        self._client = client
        self._request = request
        self._deadline = deadline
        self._on_progress = on_progress
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._response: httpx.Response | None = None
        #: How it ended; None until it has.
        self.exit: models.Exit | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.exit is None:
            self.cancel()

    @property
    def cancelled(self) -> bool:
        """Whether it was given up here."""
        return self._cancelled.is_set()

    def __iter__(self) -> Iterator[models.Output]:
        """What it writes, in pieces, until it ends or is cancelled.

        :raises LeaseEndedError: where the lease is over: nothing was run
        :raises PlaceLostError, ConnectionLostError: where what the command did is not known
        """
        try:
            response = self._client._send(self._request, self._deadline, self._cancelled)
        except CancelledByCallerError:
            return
        with self._lock:
            self._response = response
        lines = _wire.Lines()
        try:
            if self.cancelled:
                return
            for piece in response.iter_raw():
                for line in lines.take(piece):
                    event = _wire.event(line)
                    if isinstance(event, models.Output):
                        yield event
                    elif isinstance(event, models.Exit):
                        self.exit = event
                    elif event is not None and self._on_progress:
                        self._on_progress(event)
            if self.exit is None and not self.cancelled:
                raise errors.ConnectionLostError("the service went away: how the command ended is not known")
        except (httpx.TransportError, httpx.StreamError) as lost:
            if not self.cancelled:
                raise errors.ConnectionLostError("the service went away: how the command ended is not known") from lost
        finally:
            with self._lock:
                self._response = None
            response.close()

    def collect(self) -> models.Result:
        """All of its output, as text; what is not UTF-8 is replaced.

        :raises ConnectionLostError: where it was cancelled: how it ended is not known
        """
        texts = {"stdout": "", "stderr": ""}
        decoders = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in texts}
        for piece in self:
            texts[piece.stream] += decoders[piece.stream].decode(piece.data)
        for name, decoder in decoders.items():
            texts[name] += decoder.decode(b"", True)
        return _wire.collected(self.exit, texts)

    def cancel(self) -> None:
        """Ends the command with everything that it started: the service sees that its client is gone."""
        self._cancelled.set()
        with self._lock:
            response = self._response
            if response is None:
                return
            stream = response.extensions.get("network_stream")
            connection = stream.get_extra_info("socket") if stream is not None else None
            if connection is not None:
                # What another thread waits for on it returns at once.
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
