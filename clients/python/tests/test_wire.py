"""What is sent again and what is not, without a connection."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable

import httpx
import pytest

from cdk_nomad import (
    BadRequestError,
    CdkNomadError,
    ConfigurationError,
    Connection,
    ConnectionLostError,
    Lease,
    LeaseEndedError,
    Output,
    PlaceLostError,
    PoolBusyError,
    ProtocolError,
    RefusedError,
    ServiceUnreachableError,
    StoppingError,
    TooManyExecutionsError,
    UnavailableError,
    _requests,
    _wire,
    errors,
)
from cdk_nomad.sandbox import SandboxClient

LEASE = Lease("0f4a.3", "hermes-sandbox", "ann", 7, 60.0, "sandbox")
CLAIM = _requests.claim("hermes-sandbox", None, 60, 30)
IMPATIENT = _requests.claim("hermes-sandbox", None, 60, 0)
RUN = _requests.run(LEASE, "id", None, None, None, None, None, lines=False)
RELEASE = _requests.release(LEASE)


def problem(code: str, status: int, retry: float | None = None) -> httpx.Response:
    body = {"type": f"urn:x:{code}", "title": "T", "status": status, "code": code, "detail": "d"}
    return httpx.Response(status, json={**body, **({} if retry is None else {"retryAfter": retry})})


class Driver:
    """Plays a service that answers as it is told, and a clock that moves by what is slept alone."""

    def __init__(self, request: _wire.Request, seconds: float, *answers: httpx.Response | Exception) -> None:
        self.now = 0.0
        self.sent: list[_wire.Send] = []
        self.slept: list[float] = []
        self._answers = list(answers)
        self._steps = _wire.attempts(request, "http://x", seconds, clock=lambda: self.now, draw=lambda: 0.0)

    def run(self) -> httpx.Response:
        try:
            step = next(self._steps)
            while True:
                if isinstance(step, _wire.Sleep):
                    self.slept.append(step.seconds)
                    self.now += step.seconds
                    step = self._steps.send(None)
                    continue
                self.sent.append(step)
                answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
                step = self._steps.throw(answer) if isinstance(answer, Exception) else self._steps.send(answer)
        except StopIteration as done:
            found: httpx.Response = done.value
            return found


OK = httpx.Response(200, json={})
REFUSED = httpx.ConnectError("refused")
CUT = httpx.ReadError("cut")


@pytest.mark.parametrize(("request_", "answer"), [(CLAIM, REFUSED), (RUN, CUT), (CLAIM, CUT)])
def test_a_traceback_has_no_frames_of_the_library_underneath(request_: _wire.Request, answer: Exception) -> None:
    with pytest.raises(errors.CdkNomadError) as raised:
        Driver(request_, 30, answer).run()
    assert "".join(traceback.format_exception(raised.value)).count("Traceback") == 1


def test_a_sandbox_that_is_not_there_is_told_in_one_traceback() -> None:
    with SandboxClient("http://127.0.0.1:1") as sandbox, pytest.raises(errors.ServiceUnreachableError, match="does not answer") as raised:
        sandbox.health()
    assert "".join(traceback.format_exception(raised.value)).count("Traceback") == 1


@pytest.mark.parametrize(
    ("request_", "answer", "again"),
    [
        # Nothing was sent, so nothing was done.
        (CLAIM, REFUSED, True),
        (RUN, REFUSED, True),
        (RELEASE, REFUSED, True),
        # Its answer was lost: a claim is given back, a release is none twice; a command may have run.
        (CLAIM, CUT, True),
        (RUN, CUT, False),
        (RELEASE, CUT, True),
        (RUN, httpx.ReadTimeout("late"), False),
        (RUN, httpx.RemoteProtocolError("gone"), False),
        # Refused before anything was done.
        (CLAIM, problem("pool-busy", 429, 1), True),
        (IMPATIENT, problem("pool-busy", 429, 1), False),
        (RUN, problem("too-many-executions", 429, 1), True),
        (RUN, problem("rate-limited", 429, 1), True),
        (RUN, problem("stopping", 503, 1), True),
        # Of a command this says nothing about whether it ran.
        (RUN, problem("unavailable", 503, 2), False),
        (CLAIM, problem("unavailable", 503, 2), True),
        (RELEASE, problem("unavailable", 503, 2), True),
        (RUN, problem("place-lost", 502), False),
        (CLAIM, problem("internal", 500), False),
        # It will not become better.
        (CLAIM, problem("bad-request", 400), False),
        (RUN, problem("lease-stale", 409), False),
        (RELEASE, problem("container-unknown", 404), False),
    ],
)
def test_a_request_is_sent_again_only_where_that_is_safe(request_: _wire.Request, answer: httpx.Response | Exception, again: bool) -> None:
    driver = Driver(request_, 30, answer, OK)
    if again:
        assert driver.run() is OK
        assert len(driver.sent) == 2
    else:
        with pytest.raises(CdkNomadError):
            driver.run()
        assert len(driver.sent) == 1


def test_retry_after_is_waited_for_and_the_callers_time_is_the_end() -> None:
    driver = Driver(CLAIM, 10, problem("pool-busy", 429, 3))
    with pytest.raises(PoolBusyError) as busy:
        driver.run()
    assert driver.slept == [3, 3, 3]
    assert busy.value.retry_after == 3
    # Each attempt waits at the service for what is left.
    assert [step.body["wait"] for step in driver.sent if step.body] == [10_000, 7000, 4000, 1000]


def test_a_service_that_is_away_is_asked_at_growing_intervals() -> None:
    driver = Driver(RELEASE, 5, REFUSED)
    with pytest.raises(ServiceUnreachableError, match="POOL_SERVICE_ADDR"):
        driver.run()
    assert driver.slept == [0.1, 0.2, 0.4, 0.8, 1.6]


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("pool-busy", 429, PoolBusyError),
        ("too-many-executions", 429, TooManyExecutionsError),
        ("lease-ended", 409, LeaseEndedError),
        ("place-lost", 502, PlaceLostError),
        ("stopping", 503, StoppingError),
        ("managers-behind", 503, UnavailableError),
        ("overloaded", 503, UnavailableError),
        ("generation-required", 428, BadRequestError),
        # Codes of a newer service go by their status, and are kept.
        ("something-new", 429, errors.BusyError),
        ("something-new", 418, RefusedError),
    ],
)
def test_each_problem_has_a_class(code: str, status: int, kind: type[RefusedError]) -> None:
    error = _wire.error_of(problem(code, status))
    assert type(error) is kind
    assert isinstance(error, RefusedError)
    assert (error.code, error.status) == (code, status)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'{"status": "UP"}', b'{"code": 7}'])
def test_what_is_not_the_service_is_said(body: bytes) -> None:
    assert isinstance(_wire.error_of(httpx.Response(502, content=body)), ProtocolError)
    with pytest.raises(ProtocolError):
        _wire.lease(_wire.parsed(httpx.Response(200, content=body)))


def test_lines_come_in_any_pieces_and_end_somewhere() -> None:
    lines = _wire.Lines()
    text = b'{"a": 1}\n\n{"b": 2}\n'
    assert [line for at in range(len(text)) for line in lines.take(text[at : at + 1])] == [b'{"a": 1}', b'{"b": 2}']
    with pytest.raises(ProtocolError):
        _wire.Lines().take(b"x" * (_wire.LONGEST + 1))


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ({"type": "stdout", "data": "/wAK"}, Output("stdout", b"\xff\x00\n")),
        ({"type": "progress", "message": "waits"}, "waits"),
        # A service that is newer may tell of more than is known here.
        ({"type": "something-new"}, None),
    ],
)
def test_events_are_read(line: dict[str, object], what: object) -> None:
    assert _wire.event(json.dumps(line).encode()) == what


@pytest.mark.parametrize("line", [b"x", b"[]", b'{"type": "stdout", "data": "?"}', b'{"type": "exit"}', b'{"type": "error"}'])
def test_an_event_that_is_none_is_said(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        _wire.event(line)


@pytest.mark.parametrize("id_", ["", ".", ".."])
def test_an_id_that_is_none_is_not_sent(id_: str) -> None:
    with pytest.raises(ConfigurationError):
        _wire.container_path(id_)
    assert _wire.container_path("a/../b?c") == "/api/containers/a%2F..%2Fb%3Fc"


@pytest.mark.parametrize("address", ["", "localhost", "ftp://x", "http://", "127.0.0.1:8790"])
def test_an_address_that_is_none_is_said(address: str) -> None:
    with pytest.raises(ConfigurationError, match=r"127\.0\.0\.1:8790"):
        Connection(address)


def test_the_connection_comes_from_the_environment(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("token") / "token"
    file.write_text("from-the-file\n")
    assert Connection.from_environment({}) == Connection("http://127.0.0.1:8790", None)
    given = Connection.from_environment({"POOL_SERVICE_ADDR": "http://x:1/", "POOL_SERVICE_TOKEN_FILE": str(file)})
    assert (given.address, given.token) == ("http://x:1", "from-the-file")
    with pytest.raises(ConfigurationError, match="POOL_SERVICE_TOKEN_FILE"):
        Connection.from_environment({"POOL_SERVICE_TOKEN_FILE": f"{file}.none"})


def test_no_token_stands_in_a_text() -> None:
    connection = Connection("http://x", "tok-123")
    make: list[Callable[[object], str]] = [repr, str]
    assert all("tok-123" not in text(connection) for text in make)
    lost = ConnectionLostError("x")
    assert "tok-123" not in repr(lost)
