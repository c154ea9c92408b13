"""The service's protocol without a connection: requests, answers, and which of them may be sent again.

The synchronous and the asynchronous client drive the same :func:`attempts`, so that they cannot differ in what they retry.
"""

from __future__ import annotations

import base64
import binascii
import json
import random
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar, cast
from urllib.parse import quote

import httpx

from . import _arguments, errors, models
from .errors import Problem, ProtocolError, refused

#: The longest line of a streamed answer, and the longest answer, in bytes.
LONGEST = 8 * 1024 * 1024
#: How long a request that is no command may take to be answered, in seconds; a claim waits a minute at most.
ANSWERED = 30.0
#: How much longer than a command's own time its answer may take, in seconds.
GRACE = 30.0
#: A command's time where nobody says it, as the service has it, in seconds.
USUAL_TIMEOUT = 300.0
#: The longest that one claim waits at the service, in seconds; a longer wait is several.
LONGEST_WAIT = 60.0


class Again(Enum):
    """When a request may be sent once more."""

    #: Doing it twice is the same as doing it once: also where its answer was lost.
    ALWAYS = "always"
    #: Only where it is known that nothing was done.
    UNDONE = "undone"


@dataclass(frozen=True)
class Request:
    """A request of the service."""

    method: str
    path: str
    again: Again
    body: Mapping[str, Any] | None = None
    generation: int | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    #: Whether the answer comes as lines of JSON.
    lines: bool = False
    #: How long its answer may take once it was sent, in seconds; None: as long as it likes.
    answered: float | None = ANSWERED
    #: Whether refusals of being busy are waited for: only those of a claim until its own time is over.
    patient: bool = True
    #: The seconds that are left of the caller's time, put into the body as milliseconds under this name.
    wait_field: str | None = None

    def headers(self) -> dict[str, str]:
        """Its headers, but for the token."""
        headers = {"accept": "application/x-ndjson" if self.lines else "application/json"}
        if self.generation is not None:
            headers["lease-generation"] = str(self.generation)
        return headers


@dataclass(frozen=True)
class Send:
    """A step of :func:`attempts`: send the request; answer with the response, or throw what httpx threw."""

    body: Mapping[str, Any] | None
    timeout: httpx.Timeout


@dataclass(frozen=True)
class Sleep:
    """A step of :func:`attempts`: wait."""

    seconds: float


#: What a driver gives back for a step: a response whose body was read, unless it streams and went well; None for a sleep.
Answer = httpx.Response | None
Attempts = Generator[Send | Sleep, Answer, httpx.Response]

#: What httpx throws before anything of a request was sent.
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_CONNECT = 5.0
#: For how long a service that cannot be reached is tried again, in seconds: one that is started anew is back by then.
_UNREACHED = 10.0
#: Seconds between two attempts where the service does not say: the first, and at most.
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0


def attempts(
    request: Request,
    address: str,
    seconds: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    draw: Callable[[], float] = random.random,
) -> Attempts:
    """Sends a request until it is answered, as often as that is safe and the caller's time allows.

    :param seconds: the caller's time, for all attempts together
    """
    _arguments.seconds("deadline", seconds, "30")
    begun = clock()
    end = begun + seconds
    pause = _FIRST_PAUSE
    last: Exception | None = None
    while True:
        left = end - clock()
        if left <= 0 and last is not None:
            raise last from None
        body = request.body
        if request.wait_field is not None:
            wait = max(0.0, min(left, LONGEST_WAIT))
            body = {**(body or {}), request.wait_field: int(wait * 1000)}
        answered = None if request.answered is None else max(0.001, request.answered)
        timeout = httpx.Timeout(connect=max(0.001, min(_CONNECT, max(left, 0.5))), read=answered, write=ANSWERED, pool=_CONNECT)
        asked: float | None = None
        try:
            response = yield Send(body, timeout)
            assert response is not None  # noqa: S101 - the driver answers every Send
            if response.is_success:
                return response
            error: Exception = error_of(response)
            if not may_repeat(request, error):
                raise error
            asked = error.retry_after if isinstance(error, errors.RefusedError) else None
        except _UNSENT as lost:
            error = errors.ServiceUnreachableError(
                f"the service does not answer at {address} ({type(lost).__name__}); start it with npx cdk-nomad serve, "
                "or write its address into POOL_SERVICE_ADDR"
            )
        except httpx.TransportError as lost:
            error = errors.ConnectionLostError(
                f"the connection to the service at {address} broke ({type(lost).__name__}): whether the request was done is not known"
            )
            if request.again is not Again.ALWAYS:
                # Its text says all that is known: the frames of the library underneath would stand above it in a traceback.
                raise error from None
        # A little later than it says, so that those who were refused together do not come back together.
        seconds_off = (asked if asked is not None else pause) * (1 + draw() / 4)
        pause = min(_LONGEST_PAUSE, pause * 2)
        last = error
        unreached = isinstance(error, errors.ServiceUnreachableError)
        if clock() + seconds_off >= (min(end, begun + _UNREACHED) if unreached else end):
            raise error from None
        yield Sleep(seconds_off)


def may_repeat(request: Request, error: Exception) -> bool:
    """Whether a refused request may be sent again."""
    if isinstance(error, errors.BusyError):
        return request.patient
    if isinstance(error, errors.StoppingError):
        return True
    if isinstance(error, errors.UnavailableError):
        # Of a command it says nothing about whether it ran.
        return request.again is Again.ALWAYS
    return False


def error_of(response: httpx.Response) -> Exception:
    """What a response that is no success means."""
    try:
        problem = json.loads(response.content)
        status, code = int(problem["status"]), str(problem["code"])
        retry = problem.get("retryAfter", response.headers.get("retry-after"))
        return refused(
            Problem(
                status=status,
                code=code,
                title=str(problem["title"]),
                detail=str(problem["detail"]),
                retry_after=None if retry is None else float(retry),
                errors=tuple((str(each["path"]), str(each["message"])) for each in problem.get("errors", ())),
            )
        )
    except (ValueError, KeyError, TypeError):
        return ProtocolError(f"what answers is not the pools' service: it said {response.status_code}; look at POOL_SERVICE_ADDR")


def problem_error(data: object) -> Exception:
    """The error of a problem within a stream."""
    try:
        problem = cast("dict[str, Any]", data)
        return refused(Problem(int(problem["status"]), str(problem["code"]), str(problem["title"]), str(problem["detail"])))
    except (ValueError, KeyError, TypeError):
        return ProtocolError("the service said that something went wrong, and not what")


# Paths.


def container_path(container: str, verb: str = "") -> str:
    """The path of a container, whatever stands in its id."""
    _arguments.text("container", container, "slot.id")
    if container in ("", ".", ".."):
        raise errors.ConfigurationError(f'"{container}" is no id of a container')
    return f"/api/containers/{quote(container, safe='')}{verb}"


# Answers.


def parsed(response: httpx.Response) -> dict[str, Any]:
    """The object that a response holds."""
    try:
        value = json.loads(response.content)
    except ValueError:
        value = None
    if isinstance(value, dict):
        return cast("dict[str, Any]", value)
    raise ProtocolError("what answers is not the pools' service: its answer is no object of JSON; look at POOL_SERVICE_ADDR")


T = TypeVar("T")
Value = Mapping[str, Any]


def read(what: str, value: Value, make: Callable[[Value], T]) -> T:
    """Makes something of an answer, or says that it is not as it should be."""
    try:
        return make(value)
    except (KeyError, TypeError, ValueError) as error:
        raise ProtocolError(f"the service's answer has no {what} as it should be ({error})") from error


def lease(value: Value) -> models.Lease:
    """A lease of the service's."""
    return read(
        "lease",
        value,
        lambda v: models.Lease(
            id=str(v["id"]),
            pool=str(v["pool"]),
            owner=str(v["owner"]),
            generation=int(v["generation"]),
            ttl=float(v["ttl"]) / 1000,
            isolation=str(v["isolation"]),
        ),
    )


def _end(v: Value) -> dict[str, Any]:
    return {
        "exit_code": int(v["exitCode"]),
        "ended": str(v["ended"]),
        "truncated": bool(v["truncated"]),
        "duration": float(v["duration"]) / 1000,
        "isolation": str(v["isolation"]),
    }


def result(value: Value) -> models.Result:
    """The result of a command."""
    return read("result", value, lambda v: models.Result(**_end(v), stdout=str(v["stdout"]), stderr=str(v["stderr"])))


def execute_result(value: Value) -> models.ExecuteResult:
    """The result of a command, and where it ran."""

    def make(v: Value) -> models.ExecuteResult:
        where = {"warm": bool(v["warm"]), "container_id": str(v["containerId"])}
        return models.ExecuteResult(stdout=str(v["stdout"]), stderr=str(v["stderr"]), **_end(v), **where)  # type: ignore[arg-type]

    return read("result", value, make)


def figures(value: Value) -> tuple[models.PoolFigures, ...]:
    """How the pools do."""
    counts = ("free", "leased", "coming", "target", "queue")

    def one(v: Value) -> models.PoolFigures:
        # A service of an older release does not say whether it knows.
        known = bool(v.get("upToDate", True))
        amounts = {name: int(v[name]) for name in counts}
        return models.PoolFigures(pool=str(v["pool"]), draining=bool(v["draining"]), up_to_date=known, **amounts)

    return read("pools", value, lambda v: tuple(one(each) for each in v["pools"]))


def dependencies(value: Value) -> tuple[models.Dependency, ...]:
    """What the service needs."""

    def one(v: Value) -> models.Dependency:
        return models.Dependency(str(v["name"]), bool(v["ok"]), v.get("message"))

    return read("dependencies", value, lambda v: tuple(one(each) for each in v["dependencies"]))


def event(line: bytes) -> models.Output | models.Exit | str | None:
    """A line of a streamed answer: output, the end, what is waited for (text), or None for what is not known here.

    :raises RefusedError: where the line says that the command was lost
    """
    try:
        value = json.loads(line)
        kind = value["type"]
        if kind in ("stdout", "stderr"):
            return models.Output(kind, base64.b64decode(value["data"], validate=True))
        if kind == "progress":
            return str(value["message"])
        if kind == "exit":
            warm, container = value.get("warm"), value.get("containerId")
            return models.Exit(**_end(value), warm=warm, container_id=container)
        problem = value["problem"] if kind == "error" else None
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise ProtocolError(f"a line of the service's answer is not as it should be ({error})") from error
    if problem is not None:
        raise problem_error(problem)
    return None


def collected(end: models.Exit | None, texts: Mapping[str, str]) -> models.Result:
    """The result of a command whose output was streamed and kept."""
    if end is None:
        raise errors.ConnectionLostError("the command was cancelled: how it ended is not known")
    return models.Result(
        exit_code=end.exit_code,
        ended=end.ended,
        stdout=texts["stdout"],
        stderr=texts["stderr"],
        truncated=end.truncated,
        duration=end.duration,
        isolation=end.isolation,
    )


class Body:
    """An answer that is never long."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def take(self, piece: bytes) -> None:
        """Adds a piece.

        :raises ProtocolError: where it becomes too long
        """
        self._size += len(piece)
        if self._size > LONGEST:
            raise ProtocolError("the service sent an answer that is too long")
        self._pieces.append(piece)

    def of(self, response: httpx.Response) -> httpx.Response:
        """The response with all of it, and of its headers with what is read here."""
        headers = {name: response.headers[name] for name in ("retry-after",) if name in response.headers}
        return httpx.Response(response.status_code, headers=headers, content=b"".join(self._pieces))


class Lines:
    """Splits what comes in pieces into lines."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, piece: bytes) -> list[bytes]:
        """The lines that a piece completes."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if len(self._rest) > LONGEST:
            raise ProtocolError("the service sent a line that is too long")
        return [line for line in lines if line.strip()]


def milliseconds(seconds: float | None) -> int | None:
    """Seconds as the service counts; at least one millisecond."""
    return None if seconds is None else max(1, round(seconds * 1000))


def body_of(**fields: object) -> dict[str, object]:
    """A body without what was not said."""
    return {name: value for name, value in fields.items() if value is not None}
