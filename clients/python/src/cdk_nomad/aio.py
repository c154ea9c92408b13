"""The asynchronous client of the service: the same calls as :mod:`cdk_nomad.client`, for asyncio."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

import httpx

from . import _requests, _wire, errors, models
from ._renewals import PART
from ._requests import Environment
from .client import USUAL_TTL, USUAL_WAIT
from .settings import Connection, is_loopback


class AsyncPoolsClient:
    """A client of the service, closed by ``async with`` or :meth:`aclose`. A call that is cancelled ends the command that it runs.

    :param connection: where the service is; default: what POOL_SERVICE_ADDR and POOL_SERVICE_TOKEN(_FILE) say
    :param http: a client of httpx of one's own, for proxies and certificates; it is not closed here
    :raises ConfigurationError: where a setting cannot be meant
    """

    def __init__(self, connection: Connection | None = None, *, http: httpx.AsyncClient | None = None) -> None:
        self.connection = Connection.of(connection)
        self._owned = http is None
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=4.0)
        self._http = http or httpx.AsyncClient(limits=limits, trust_env=not is_loopback(self.connection.address))
        self._kept: dict[tuple[str, int], asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stops renewing what is held, and lets go of every connection. Leases stand for their time: release them before."""
        kept, self._kept = [*self._kept.values()], {}
        for task in kept:
            task.cancel()
        await asyncio.gather(*kept, return_exceptions=True)
        if self._owned:
            await self._http.aclose()

    async def claim(
        self,
        pool: str,
        *,
        owner: str | None = None,
        ttl: float = USUAL_TTL,
        wait: float = USUAL_WAIT,
        keep: bool = True,
        on_lost: Callable[[errors.CdkNomadError], None] | None = None,
    ) -> AsyncContainer:
        """Leases a container of a warm pool, or a slot of a slot pool; see :meth:`cdk_nomad.PoolsClient.claim`.

        :raises PoolBusyError: where nothing is free in time
        """
        request = _requests.claim(pool, owner, ttl, wait)
        lease = _wire.lease(_wire.parsed(await self._ask(request, wait if wait > 0 else _wire.ANSWERED)))
        return self.container(lease, keep=keep, on_lost=on_lost)

    def container(
        self, lease: models.Lease, *, keep: bool = False, on_lost: Callable[[errors.CdkNomadError], None] | None = None
    ) -> AsyncContainer:
        """A handle of a lease that was claimed before, by this process or another one. Nothing is asked."""
        _requests.leased(lease)
        if keep:
            self._kept[lease.id, lease.generation] = asyncio.create_task(self._keep(lease, on_lost))
        return AsyncContainer(self, lease)

    async def find(self, container: str) -> models.Lease:
        """The lease that stands on a container.

        :raises ContainerUnknownError: where none of the caller's does
        """
        return _wire.lease(_wire.parsed(await self._ask(_requests.get(_wire.container_path(container)))))

    async def list(self, *, everybody: bool = False) -> tuple[models.Lease, ...]:
        """The leases of the token's owner; with the scope ``any-owner`` those of everybody."""
        query = {"all": "true"} if everybody else {}
        value = _wire.parsed(await self._ask(_requests.get("/api/containers", **query)))
        return tuple(_wire.lease(each) for each in _wire.read("containers", value, lambda v: [*v["containers"]]))

    async def execute(
        self,
        user_id: str,
        provider: models.Provider,
        command: str,
        *,
        credentials: Environment | None = None,
        env: Environment | None = None,
        stdin: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the command's own time, which the service keeps
        wait: float = 0,
        start_timeout: float | None = None,
        deadline: float = _wire.ANSWERED,
    ) -> models.ExecuteResult:
        """Runs a command for a user; see :meth:`cdk_nomad.PoolsClient.execute`."""
        request = _requests.run_for(user_id, provider, command, credentials, env, stdin, timeout, wait, start_timeout, lines=False)
        return _wire.execute_result(_wire.parsed(await self._ask(request, deadline)))

    async def pools(self) -> tuple[models.PoolFigures, ...]:
        """How the pools do."""
        return _wire.figures(_wire.parsed(await self._ask(_requests.get("/api/pools"))))

    async def dependencies(self) -> tuple[models.Dependency, ...]:
        """What the service needs, and whether it answers."""
        return _wire.dependencies(_wire.parsed(await self._ask(_requests.get("/api/dependencies"))))

    async def drain(self, pool: str) -> int:
        """Has a warm pool take no new leases. Returns how many go on."""
        value = _wire.parsed(await self._ask(_requests.change(pool, "drain")))
        return _wire.read("leased", value, lambda v: int(v["leased"]))

    async def fill(self, pool: str) -> None:
        """Has a warm pool that was drained take leases again."""
        await self._ask(_requests.change(pool, "fill"))

    async def recycle(self, pool: str) -> int:
        """Replaces every container of a warm pool. Returns how many are replaced now."""
        value = _wire.parsed(await self._ask(_requests.change(pool, "recycle")))
        return _wire.read("replaced", value, lambda v: int(v["replaced"]))

    async def is_ready(self) -> bool:
        """Whether the service answers, and can do its work."""
        try:
            return (await self._http.get(f"{self.connection.address}/readyz", timeout=5.0)).status_code == 200
        except httpx.TransportError:
            return False

    # What handles need.

    async def _release(self, lease: models.Lease) -> bool:
        task = self._kept.pop((lease.id, lease.generation), None)
        if task is not None:
            task.cancel()
        try:
            await self._ask(_requests.release(lease))
        except (errors.LeaseEndedError, errors.ContainerUnknownError):
            return False
        return True

    async def _keep(self, lease: models.Lease, on_lost: Callable[[errors.CdkNomadError], None] | None) -> None:
        while True:
            await asyncio.sleep(lease.ttl * PART)
            try:
                await self._ask(_requests.renew(lease), lease.ttl * PART)
            except (errors.LeaseEndedError, errors.ContainerUnknownError) as error:
                if self._kept.pop((lease.id, lease.generation), None) is not None and on_lost is not None:
                    on_lost(error)
                return
            except errors.CdkNomadError:
                # A service that is away may be back for the next one; the lease stands for longer than that.
                pass

    async def _ask(self, request: _wire.Request, seconds: float = _wire.ANSWERED) -> httpx.Response:
        """Drives :func:`_wire.attempts`. A response of lines is returned unread."""
        steps = _wire.attempts(request, self.connection.address, seconds)
        step = next(steps)
        try:
            while True:
                try:
                    if isinstance(step, _wire.Sleep):
                        await asyncio.sleep(step.seconds)
                        step = steps.send(None)
                        continue
                    response = await self._http.send(_requests.build(self._http, self.connection, request, step), stream=True)
                    if not (request.lines and response.is_success):
                        response = await _read(response)
                except httpx.TransportError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(response)
        except StopIteration as done:
            answered: httpx.Response = done.value
            return answered
        finally:
            steps.close()


class AsyncContainer:
    """A container, or a slot of a sandbox, that is leased. Leaving its ``async with`` releases it, also where the task is cancelled."""

    def __init__(self, client: AsyncPoolsClient, lease: models.Lease) -> None:
        self._client = client
        self.lease = lease

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        release = asyncio.create_task(self.release())
        try:
            # Whoever is cancelled here leaves it to the task.
            await asyncio.shield(release)
        except errors.CdkNomadError:
            # What went wrong inside counts for more; the lease ends with its time.
            if error is None:
                raise

    @property
    def id(self) -> str:
        """What calls name."""
        return self.lease.id

    async def execute(
        self,
        command: str,
        *,
        env: Environment | None = None,
        secrets: Environment | None = None,
        stdin: str | None = None,
        cwd: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the command's own time, which the service keeps
        deadline: float = _wire.ANSWERED,
    ) -> models.Result:
        """Runs a command, and waits for its end; see :meth:`cdk_nomad.Container.execute`."""
        request = _requests.run(self.lease, command, env, secrets, stdin, cwd, timeout, lines=False)
        return _wire.result(_wire.parsed(await self._client._ask(request, deadline)))

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
    ) -> AsyncExecution:
        """Runs a command, and gives its output as it comes: iterate over it by ``async for``."""
        request = _requests.run(self.lease, command, env, secrets, stdin, cwd, timeout, lines=True)
        return AsyncExecution(self._client, request, deadline)

    async def renew(self) -> None:
        """Says that it is still wanted: the lease stands for its ttl again.

        :raises LeaseEndedError, ContainerUnknownError: where it is over
        """
        await self._client._ask(_requests.renew(self.lease))

    async def release(self) -> bool:
        """Gives it back: what runs in it ends, and it is emptied or replaced. Returns whether the lease stood until now."""
        return await self._client._release(self.lease)


class AsyncExecution:
    """A command whose output comes as it is written.

    Iterate over it once by ``async for``; then :attr:`exit` says how it ended. Where the task that iterates is cancelled, and where
    :meth:`aclose` or the end of its ``async with`` comes first, the command ends with everything that it started.
    """

    def __init__(self, client: AsyncPoolsClient, request: _wire.Request, deadline: float) -> None:
        self._client = client
        self._request = request
        self._deadline = deadline
        self._response: httpx.Response | None = None
        #: How it ended; None until it has.
        self.exit: models.Exit | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.aclose()

    def __aiter__(self) -> AsyncIterator[models.Output]:
        """What it writes; see :meth:`pieces`."""
        return self.pieces()

    async def pieces(self) -> AsyncGenerator[models.Output, None]:
        """What it writes, in pieces, until it ends.

        :raises LeaseEndedError: where the lease is over: nothing was run
        :raises PlaceLostError, ConnectionLostError: where what the command did is not known
        """
        response = self._response = await self._client._ask(self._request, self._deadline)
        lines = _wire.Lines()
        try:
            async for piece in response.aiter_raw():
                for line in lines.take(piece):
                    event = _wire.event(line)
                    if isinstance(event, models.Output):
                        yield event
                    elif isinstance(event, models.Exit):
                        self.exit = event
            if self.exit is None:
                raise errors.ConnectionLostError("the service went away: how the command ended is not known")
        except (httpx.TransportError, httpx.StreamError) as lost:
            raise errors.ConnectionLostError("the service went away: how the command ended is not known") from lost
        finally:
            await response.aclose()

    async def collect(self) -> models.Result:
        """All of its output, as text; what is not UTF-8 is replaced."""
        texts = {"stdout": "", "stderr": ""}
        decoders = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in texts}
        async for piece in self:
            texts[piece.stream] += decoders[piece.stream].decode(piece.data)
        for name, decoder in decoders.items():
            texts[name] += decoder.decode(b"", True)
        return _wire.collected(self.exit, texts)

    async def aclose(self) -> None:
        """Ends the command, unless it has ended: the service sees that its client is gone."""
        if self._response is not None:
            with suppress(httpx.TransportError):
                await self._response.aclose()


async def _read(response: httpx.Response) -> httpx.Response:
    """Reads an answer that is never long, and lets go of its connection."""
    body = _wire.Body()
    try:
        async for piece in response.aiter_bytes():
            body.take(piece)
    finally:
        await response.aclose()
    return body.of(response)
