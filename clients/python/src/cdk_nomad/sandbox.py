"""Clients of one sandbox's server, for sandboxes that are somebody's own.

Slots of a pool are leased by the service: :meth:`cdk_nomad.PoolsClient.claim`. A client here takes no lease; it presents the generation of
one that it is given. Where nobody else uses the sandbox, none is needed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from . import _arguments, _wire, models
from .errors import CdkNomadError, ConfigurationError, ConnectionLostError, ProtocolError, ServiceUnreachableError
from .settings import is_loopback

#: A command's time where nobody says it, in seconds.
USUAL_TIMEOUT = 30.0
#: How long what is answered at once may take, in seconds.
_PROMPT = 15.0


class SandboxRefusedError(CdkNomadError):
    """The sandbox refused a request: nothing was run. ``code`` is for programs, such as ``stale-generation`` or ``unauthorized``."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class ToolCall:
    """``bash``, ``bash_stateful``, ``read_file`` or ``write_file`` with its arguments, in a slot such as ``slot_0``."""

    slot: str
    tool: str
    args: Mapping[str, Any]
    #: Seconds; waiting for a command before it in the same slot counts.
    timeout: float = USUAL_TIMEOUT
    #: The fencing token of a lease; None where the sandbox is one's own.
    generation: int | None = None
    #: Variables of the command: they reach it by its environment, and stand in no argument, log or file.
    env: Mapping[str, str] | None = None
    stdin: bytes | None = None

    def __post_init__(self) -> None:
        _arguments.text("slot", self.slot, '"slot_0"')
        _arguments.text("tool", self.tool, '"bash"')
        _arguments.finite_seconds("timeout", self.timeout, "30")
        _arguments.environment("env", self.env)
        if not isinstance(self.args, Mapping):
            raise ConfigurationError(f'args is a mapping, not {type(self.args).__name__}; write args={{"command": "ls -l"}}')
        if not isinstance(self.stdin, bytes | None):
            raise ConfigurationError(f'stdin is bytes, not {type(self.stdin).__name__}; write stdin=b"input"')

    def body(self) -> dict[str, Any]:
        """As the sandbox reads it."""
        stdin = None if self.stdin is None else base64.b64encode(self.stdin).decode()
        body = {"slot_id": self.slot, "tool": self.tool, "args": dict(self.args), "timeout": self.timeout}
        return {**body, **_wire.body_of(generation=self.generation, env=self.env and dict(self.env), stdin=stdin)}


@dataclass(frozen=True)
class ToolResult:
    """How a tool ended."""

    success: bool
    output: str
    error: str
    #: 124 where it ran out of time, 130 where it was cancelled; None of tools that are no commands.
    exit_code: int | None
    timed_out: bool
    truncated: bool
    #: Whether other slots' files and processes were out of its reach.
    sandboxed: bool


@dataclass(frozen=True)
class SandboxHealth:
    """How a sandbox does."""

    status: str
    slots: int
    available: int
    executing: int
    #: What keeps its slots apart: ``bubblewrap``, ``user`` or ``none``.
    isolation: str


@dataclass(frozen=True)
class SandboxSlot:
    """A slot of a sandbox."""

    id: str
    state: str
    workspace: str
    generation: int


class SandboxClient:
    """A client of one sandbox's server, such as ``http://127.0.0.1:8080``."""

    def __init__(self, address: str, token: str | None = None, *, http: httpx.Client | None = None) -> None:
        self._owned = http is None
        self._http = http or httpx.Client(trust_env=not is_loopback(address))
        self._server = _Server(address.rstrip("/"), token)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of every connection. Commands that run end."""
        if self._owned:
            self._http.close()

    def health(self) -> SandboxHealth:
        """How it does; that needs no token."""
        return _health(self._ask("GET", "/health"))

    def slots(self) -> tuple[SandboxSlot, ...]:
        """Its slots."""
        return _slots(self._ask("GET", "/slots"))

    def call(self, call: ToolCall) -> ToolResult:
        """Runs a tool to its end."""
        return _result(self._ask("POST", "/execute", call.body(), call.timeout + _PROMPT))

    def bash(self, slot: str, command: str, *, timeout: float = USUAL_TIMEOUT, **more: Any) -> ToolResult:  # noqa: ANN401 - of ToolCall
        """Runs a command in a slot, to its end."""
        return self.call(ToolCall(slot, "bash", {"command": command}, timeout=timeout, **more))

    def stream(self, call: ToolCall) -> Iterator[models.Output | ToolResult]:
        """Runs a tool, and gives its output as it comes; the last thing says how it ended. Leaving it early ends the command."""
        with (
            self._server.failures(),
            self._http.stream(**self._server.request("POST", "/execute", call.body(), call.timeout + _PROMPT, lines=True)) as response,
        ):
            if response.status_code != 200:
                response.read()
                _checked(response)
            lines, ended = _wire.Lines(), False
            for piece in response.iter_raw():
                for line in lines.take(piece):
                    frame = _frame(line)
                    ended = isinstance(frame, ToolResult)
                    yield frame
            if not ended:
                raise ConnectionLostError("the sandbox went away: how the command ended is not known")

    def batch(self, calls: Sequence[ToolCall]) -> list[ToolResult | SandboxRefusedError]:
        """Runs tools at once, each in its slot. How each ended, in the same order; one that was refused is the error."""
        longest = max((call.timeout for call in calls), default=0) + _PROMPT
        return _batch(self._ask("POST", "/batch", [call.body() for call in calls], longest))

    def reset(self, slot: str, *, generation: int | None = None) -> None:
        """Ends what runs in a slot, and empties it."""
        self._ask("POST", "/reset", {"slot_id": slot, **_wire.body_of(generation=generation)})

    def read_artifact(self, slot: str, path: str, *, max_bytes: int | None = None, generation: int | None = None) -> bytes:
        """A file of a slot's workspace, or its beginning."""
        body = {"slot_id": slot, "path": path, "encoding": "base64", **_wire.body_of(max_bytes=max_bytes, generation=generation)}
        return base64.b64decode(_text(self._ask("POST", "/artifacts/read", body), "content"))

    def list_artifacts(self, slot: str, path: str = ".", *, recursive: bool = False, generation: int | None = None) -> list[str]:
        """The paths of a slot's workspace."""
        body = {"slot_id": slot, "path": path, "recursive": recursive, **_wire.body_of(generation=generation)}
        return _wire.read("entries", _object(self._ask("POST", "/artifacts/list", body)), lambda v: [str(e["path"]) for e in v["entries"]])

    def archive_artifacts(self, slot: str, path: str = ".", *, generation: int | None = None) -> bytes:
        """A folder of a slot's workspace as a tar.gz."""
        body = {"slot_id": slot, "path": path, **_wire.body_of(generation=generation)}
        return base64.b64decode(_text(self._ask("POST", "/artifacts/archive", body), "content"))

    def _ask(self, method: str, path: str, body: object = None, seconds: float = _PROMPT) -> object:
        with self._server.failures():
            return _checked(self._http.request(**self._server.request(method, path, body, seconds)))


class AsyncSandboxClient:
    """:class:`SandboxClient` for asyncio: what is used while an agent runs. A call that is cancelled ends its command."""

    def __init__(self, address: str, token: str | None = None, *, http: httpx.AsyncClient | None = None) -> None:
        self._owned = http is None
        self._http = http or httpx.AsyncClient(trust_env=not is_loopback(address))
        self._server = _Server(address.rstrip("/"), token)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Lets go of every connection. Commands that run end."""
        if self._owned:
            await self._http.aclose()

    async def health(self) -> SandboxHealth:
        """How it does; that needs no token."""
        return _health(await self._ask("GET", "/health"))

    async def slots(self) -> tuple[SandboxSlot, ...]:
        """Its slots."""
        return _slots(await self._ask("GET", "/slots"))

    async def call(self, call: ToolCall) -> ToolResult:
        """Runs a tool to its end."""
        return _result(await self._ask("POST", "/execute", call.body(), call.timeout + _PROMPT))

    async def stream(self, call: ToolCall) -> AsyncIterator[models.Output | ToolResult]:
        """Runs a tool, and gives its output as it comes; the last thing says how it ended. Leaving it early ends the command."""
        request = self._server.request("POST", "/execute", call.body(), call.timeout + _PROMPT, lines=True)
        with self._server.failures():
            async with self._http.stream(**request) as response:
                if response.status_code != 200:
                    await response.aread()
                    _checked(response)
                lines, ended = _wire.Lines(), False
                async for piece in response.aiter_raw():
                    for line in lines.take(piece):
                        frame = _frame(line)
                        ended = isinstance(frame, ToolResult)
                        yield frame
                if not ended:
                    raise ConnectionLostError("the sandbox went away: how the command ended is not known")

    async def reset(self, slot: str, *, generation: int | None = None) -> None:
        """Ends what runs in a slot, and empties it."""
        await self._ask("POST", "/reset", {"slot_id": slot, **_wire.body_of(generation=generation)})

    async def _ask(self, method: str, path: str, body: object = None, seconds: float = _PROMPT) -> object:
        with self._server.failures():
            return _checked(await self._http.request(**self._server.request(method, path, body, seconds)))


class _Failures:
    """What httpx throws, as this package says it. Nothing is sent twice: what a command did is not known."""

    def __init__(self, address: str) -> None:
        self._address = address

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
            raise ServiceUnreachableError(f"the sandbox does not answer at {self._address} ({type(error).__name__})") from None
        if isinstance(error, httpx.TransportError):
            why = f"the connection to the sandbox at {self._address} broke ({type(error).__name__}): what was done is not known"
            raise ConnectionLostError(why) from None


@dataclass(frozen=True)
class _Server:
    address: str
    token: str | None

    def failures(self) -> _Failures:
        return _Failures(self.address)

    def request(self, method: str, path: str, body: object, seconds: float, *, lines: bool = False) -> dict[str, Any]:
        headers = {"accept": "application/x-ndjson" if lines else "application/json"}
        if self.token is not None:
            headers["authorization"] = f"Bearer {self.token}"
        timeout = httpx.Timeout(connect=5.0, read=seconds, write=_PROMPT, pool=5.0)
        request: dict[str, Any] = {"method": method, "url": f"{self.address}{path}", "headers": headers, "timeout": timeout}
        return request if body is None else {**request, "json": body}


def _checked(response: httpx.Response) -> object:
    try:
        value: object = json.loads(response.content)
    except ValueError as error:
        raise ProtocolError(f"what answers is no sandbox: it said {response.status_code}, and no JSON") from error
    if response.status_code == 200:
        return value
    raise _refusal(response.status_code, value)


def _refusal(status: int, value: object) -> SandboxRefusedError:
    said = value if isinstance(value, dict) else {}
    return SandboxRefusedError(status, str(said.get("code", "unknown")), str(said.get("error", f"the sandbox said {status}")))


def _object(value: object) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    raise ProtocolError("what answers is no sandbox: its answer is no object")


def _text(value: object, name: str) -> str:
    return _wire.read(name, _object(value), lambda v: str(v[name]))


def _result(value: object) -> ToolResult:
    def make(v: _wire.Value) -> ToolResult:
        metadata = v.get("metadata") or {}
        code = metadata.get("exit_code", metadata.get("returncode"))
        return ToolResult(
            success=bool(v["success"]),
            output=str(v.get("output", "")),
            error=str(v.get("error", "")),
            exit_code=None if code is None else int(code),
            timed_out=metadata.get("timeout") is True,
            truncated=metadata.get("truncated") is True,
            sandboxed=metadata.get("sandboxed") is True,
        )

    return _wire.read("result", _object(value), make)


def _batch(value: object) -> list[ToolResult | SandboxRefusedError]:
    if not isinstance(value, list):
        raise ProtocolError("what answers is no sandbox: its answer is no list")
    return [_refusal(409, each) if isinstance(each, dict) and "code" in each else _result(each) for each in value]


def _frame(line: bytes) -> models.Output | ToolResult:
    try:
        value = json.loads(line)
        if "result" in value:
            return _result(value["result"])
        stream = value["stream"]
        if stream in ("stdout", "stderr"):
            return models.Output(stream, base64.b64decode(value["data"], validate=True))
    except (ValueError, KeyError, TypeError) as error:
        raise ProtocolError(f"a line of the sandbox's answer is not as it should be ({error})") from error
    raise ProtocolError("a line of the sandbox's answer is not as it should be")


def _health(value: object) -> SandboxHealth:
    def make(v: _wire.Value) -> SandboxHealth:
        return SandboxHealth(str(v["status"]), int(v["slots"]), int(v["available"]), int(v["executing"]), str(v.get("isolation", "none")))

    return _wire.read("health", _object(value), make)


def _slots(value: object) -> tuple[SandboxSlot, ...]:
    def one(v: _wire.Value) -> SandboxSlot:
        return SandboxSlot(str(v["slot_id"]), str(v["state"]), str(v["workspace_dir"]), int(v.get("generation", 0)))

    return _wire.read("slots", _object(value), lambda v: tuple(one(each) for each in v["slots"]))
