"""The synchronous client of the service, ``cdk-nomad serve``."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import httpx

from . import _requests, _wire, errors, models
from ._renewals import Renewals
from ._requests import Environment
from .container import CancelledByCallerError, Container, Execution
from .settings import Connection, is_loopback

#: How long a lease stands without a call where nobody says it, in seconds.
USUAL_TTL = 60.0
#: How long a claim waits where nothing is free and nobody says how long, in seconds.
USUAL_WAIT = 30.0


class PoolsClient:
    """A client of the service. It may be shared by threads, and is closed by ``with`` or :meth:`close`.

    :param connection: where the service is; default: what POOL_SERVICE_ADDR and POOL_SERVICE_TOKEN(_FILE) say
    :param http: a client of httpx of one's own, for proxies and certificates; it is not closed here
    :raises ConfigurationError: where a setting cannot be meant
    """

    def __init__(self, connection: Connection | None = None, *, http: httpx.Client | None = None) -> None:
        self.connection = Connection.of(connection)
        self._owned = http is None
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=4.0)
        self._http = http or httpx.Client(limits=limits, trust_env=not is_loopback(self.connection.address))
        self._renewals = Renewals(self._renew_quietly)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Stops renewing what is held, and lets go of every connection. Leases stand for their time: release them before."""
        self._renewals.close()
        if self._owned:
            self._http.close()

    # Containers and slots, one by one.

    def claim(
        self,
        pool: str,
        *,
        owner: str | None = None,
        ttl: float = USUAL_TTL,
        wait: float = USUAL_WAIT,
        keep: bool = True,
        on_lost: Callable[[errors.CdkNomadError], None] | None = None,
    ) -> Container:
        """Leases a container of a warm pool, or a slot of a slot pool.

        :param owner: whose it will be; default: the token's owner
        :param ttl: for how many seconds the lease stands after the last call: what a client that died had is free again then. 5 to 3600
        :param wait: for how many seconds to wait where nothing is free; 0: not at all
        :param keep: whether it is renewed by a thread of this client until it is released, so that it stands between calls
        :param on_lost: told, in another thread, that a lease which is kept has ended without its being released
        :raises PoolBusyError: where nothing is free in time
        """
        request = _requests.claim(pool, owner, ttl, wait)
        lease = _wire.lease(_wire.parsed(self._ask(request, wait if wait > 0 else _wire.ANSWERED)))
        return self.container(lease, keep=keep, on_lost=on_lost)

    def container(
        self,
        lease: models.Lease,
        *,
        keep: bool = False,
        on_lost: Callable[[errors.CdkNomadError], None] | None = None,
    ) -> Container:
        """A handle of a lease that was claimed before, by this process or another one. Nothing is asked."""
        held = Container(self, _requests.leased(lease))
        if keep:
            self._renewals.keep(lease, on_lost)
        return held

    def find(self, container: str) -> models.Lease:
        """The lease that stands on a container.

        :raises ContainerUnknownError: where none of the caller's does
        """
        return _wire.lease(_wire.parsed(self._ask(_requests.get(_wire.container_path(container)))))

    def list(self, *, everybody: bool = False) -> tuple[models.Lease, ...]:
        """The leases of the token's owner; with the scope ``any-owner`` those of everybody."""
        query = {"all": "true"} if everybody else {}
        value = _wire.parsed(self._ask(_requests.get("/api/containers", **query)))
        return tuple(_wire.lease(each) for each in _wire.read("containers", value, lambda v: [*v["containers"]]))

    # A command for a user.

    def execute(
        self,
        user_id: str,
        provider: models.Provider,
        command: str,
        *,
        credentials: Environment | None = None,
        env: Environment | None = None,
        stdin: str | None = None,
        timeout: float | None = None,
        wait: float = 0,
        start_timeout: float | None = None,
        deadline: float = _wire.ANSWERED,
    ) -> models.ExecuteResult:
        """Runs a command for a user, in a container of the provider's pool or else in a job of its own.

        :param credentials: secret variables; they stand in no job, argument or log
        :param timeout: seconds until it is killed with everything that it started; the service's own default is 300
        :param wait: seconds to wait for a container of the pool before a job is started, 60 at most
        :param start_timeout: seconds that a job of its own may take to start
        :param deadline: seconds in which it has to begin, where the service is busy or away at first
        """
        request = _requests.run_for(user_id, provider, command, credentials, env, stdin, timeout, wait, start_timeout, lines=False)
        return _wire.execute_result(_wire.parsed(self._ask(request, deadline)))

    def stream_for(
        self,
        user_id: str,
        provider: models.Provider,
        command: str,
        *,
        credentials: Environment | None = None,
        env: Environment | None = None,
        stdin: str | None = None,
        timeout: float | None = None,
        wait: float = 0,
        start_timeout: float | None = None,
        deadline: float = _wire.ANSWERED,
        on_progress: Callable[[str], None] | None = None,
    ) -> Execution:
        """As :meth:`execute`, with the output as it comes. ``on_progress`` is told what a job waits for before it runs."""
        request = _requests.run_for(user_id, provider, command, credentials, env, stdin, timeout, wait, start_timeout, lines=True)
        return Execution(self, request, deadline, on_progress)

    # Pools.

    def pools(self) -> tuple[models.PoolFigures, ...]:
        """How the pools do."""
        return _wire.figures(_wire.parsed(self._ask(_requests.get("/api/pools"))))

    def dependencies(self) -> tuple[models.Dependency, ...]:
        """What the service needs, and whether it answers."""
        return _wire.dependencies(_wire.parsed(self._ask(_requests.get("/api/dependencies"))))

    def drain(self, pool: str) -> int:
        """Has a warm pool take no new leases. Returns how many go on."""
        value = _wire.parsed(self._ask(_requests.change(pool, "drain")))
        return _wire.read("leased", value, lambda v: int(v["leased"]))

    def fill(self, pool: str) -> None:
        """Has a warm pool that was drained take leases again."""
        self._ask(_requests.change(pool, "fill"))

    def recycle(self, pool: str) -> int:
        """Replaces every container of a warm pool. Returns how many are replaced now."""
        value = _wire.parsed(self._ask(_requests.change(pool, "recycle")))
        return _wire.read("replaced", value, lambda v: int(v["replaced"]))

    def is_ready(self) -> bool:
        """Whether the service answers, and can do its work."""
        try:
            return self._http.get(f"{self.connection.address}/readyz", timeout=5.0).status_code == 200
        except httpx.TransportError:
            return False

    # What handles need.

    def _release(self, lease: models.Lease) -> bool:
        self._renewals.forget(lease)
        try:
            self._ask(_requests.release(lease))
        except (errors.LeaseEndedError, errors.ContainerUnknownError):
            return False
        return True

    def _renew_quietly(self, lease: models.Lease, seconds: float) -> None:
        self._ask(_requests.renew(lease), seconds)

    def _ask(self, request: _wire.Request, seconds: float = _wire.ANSWERED) -> httpx.Response:
        return self._send(request, seconds, threading.Event())

    def _send(self, request: _wire.Request, seconds: float, given_up: threading.Event) -> httpx.Response:
        """Drives :func:`_wire.attempts`. A response of lines is returned unread."""
        steps = _wire.attempts(request, self.connection.address, seconds)
        step = next(steps)
        try:
            while True:
                try:
                    if isinstance(step, _wire.Sleep):
                        if given_up.wait(step.seconds):
                            raise CancelledByCallerError
                        step = steps.send(None)
                        continue
                    response = self._http.send(_requests.build(self._http, self.connection, request, step), stream=True)
                    if not (request.lines and response.is_success):
                        response = _read(response)
                except httpx.TransportError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(response)
        except StopIteration as done:
            answered: httpx.Response = done.value
            return answered
        finally:
            steps.close()


def _read(response: httpx.Response) -> httpx.Response:
    """Reads an answer that is never long, and lets go of its connection."""
    body = _wire.Body()
    try:
        for piece in response.iter_bytes():
            body.take(piece)
    finally:
        response.close()
    return body.of(response)
