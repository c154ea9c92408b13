"""Each call of the service as a request, once for both clients."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import httpx

from . import _arguments, _wire
from ._wire import Again, Request
from .errors import ConfigurationError
from .models import Lease
from .settings import Connection

Environment = Mapping[str, str]


def claim(pool: str, owner: str | None, ttl: float, wait: float) -> Request:
    """A claim. One whose answer was lost is given back by the service, or ends with its ttl: it may be sent again."""
    _arguments.text("pool", pool, '"hermes-sandbox"')
    _arguments.optional_text("owner", owner, '"user-42"')
    _arguments.finite_seconds("ttl", ttl, "60")
    _arguments.seconds("wait", wait, "30")
    body = _wire.body_of(pool=pool, owner=owner, ttl=_wire.milliseconds(ttl))
    waits = wait > 0
    return Request(
        "POST",
        "/api/containers",
        Again.ALWAYS,
        body=body,
        patient=waits,
        wait_field="wait" if waits else None,
        answered=_wire.ANSWERED + (_wire.LONGEST_WAIT if waits else 0),
    )


def run(
    lease: Lease,
    command: str,
    env: Environment | None,
    secrets: Environment | None,
    stdin: str | None,
    cwd: str | None,
    timeout: float | None,
    *,
    lines: bool,
) -> Request:
    """A command in a container. It is sent again only where it is known that it did not run."""
    _command(command, stdin, timeout)
    _arguments.optional_text("cwd", cwd, '"folder"')
    _arguments.environment("env", env)
    _arguments.environment("secrets", secrets)
    body = _wire.body_of(
        command=command,
        env=env,
        secrets=secrets,
        stdin=stdin,
        cwd=cwd,
        timeout=_wire.milliseconds(timeout),
        encoding="base64" if lines else None,
    )
    return Request(
        "POST",
        _wire.container_path(lease.id, "/execute"),
        Again.UNDONE,
        body=body,
        generation=lease.generation,
        lines=lines,
        # A command that is streamed may say nothing for as long as it likes; its own time ends it.
        answered=(_wire.USUAL_TIMEOUT if timeout is None else timeout) + _wire.GRACE,
    )


def run_for(
    user_id: str,
    provider: str,
    command: str,
    credentials: Environment | None,
    env: Environment | None,
    stdin: str | None,
    timeout: float | None,
    wait: float,
    start_timeout: float | None,
    *,
    lines: bool,
) -> Request:
    """A command for a user, in a container of the provider's pool or else in a job of its own."""
    _arguments.text("user_id", user_id, '"user-42"')
    _arguments.text("provider", provider, '"openai"')
    _command(command, stdin, timeout)
    _arguments.environment("credentials", credentials)
    _arguments.environment("env", env)
    _arguments.finite_seconds("start_timeout", start_timeout, "60")
    _arguments.seconds("wait", wait, "30")
    body = _wire.body_of(
        userId=user_id,
        provider=provider,
        command=command,
        credentials=credentials,
        env=env,
        stdin=stdin,
        timeout=_wire.milliseconds(timeout),
        wait=int(min(wait, _wire.LONGEST_WAIT) * 1000),
        startTimeout=_wire.milliseconds(start_timeout),
        encoding="base64" if lines else None,
    )
    longest = (_wire.USUAL_TIMEOUT if timeout is None else timeout) + wait + (start_timeout or 60.0)
    return Request("POST", "/api/execute", Again.UNDONE, body=body, lines=lines, answered=longest + _wire.GRACE)


def _command(command: str, stdin: str | None, timeout: float | None) -> None:
    _arguments.text("command", command, '"ls -l"')
    _arguments.optional_text("stdin", stdin, '"input"')
    _arguments.finite_seconds("timeout", timeout, "30")


def leased(lease: Lease) -> Lease:
    """A lease that somebody gave.

    :raises ConfigurationError: where it is none, such as the handle that has it
    """
    if not isinstance(lease, Lease):
        raise ConfigurationError(f"a lease is wanted, not {type(lease).__name__}; write the handle's own: slot.lease")
    return lease


def renew(lease: Lease) -> Request:
    """That a lease is still wanted."""
    return Request("POST", _wire.container_path(lease.id, "/renew"), Again.ALWAYS, body={}, generation=lease.generation)


def release(lease: Lease) -> Request:
    """A lease is given back; doing it twice changes nothing."""
    return Request("DELETE", _wire.container_path(lease.id), Again.ALWAYS, generation=lease.generation)


def get(path: str, **query: str) -> Request:
    """A question."""
    return Request("GET", path, Again.ALWAYS, query=query)


def change(pool: str, verb: str) -> Request:
    """A pool is drained, filled or recycled."""
    _arguments.text("pool", pool, '"warm-pool-openai"')
    if "/" in pool or pool in ("", ".", ".."):
        raise ConfigurationError(f'"{pool}" is no name of a pool; write warm-pool-openai, say')
    again = Again.UNDONE if verb == "recycle" else Again.ALWAYS
    return Request("POST", f"/api/pools/{quote(pool, safe='')}/{verb}", again)


def build(client: httpx.Client | httpx.AsyncClient, connection: Connection, request: Request, step: _wire.Send) -> httpx.Request:
    """The request as a client of httpx makes it, synchronous or not."""
    headers = request.headers()
    if connection.token is not None:
        headers["authorization"] = f"Bearer {connection.token}"
    return client.build_request(
        request.method,
        f"{connection.address}{request.path}",
        params=dict(request.query) or None,
        headers=headers,
        timeout=step.timeout,
        json=None if step.body is None else dict(step.body),
    )
