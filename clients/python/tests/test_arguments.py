"""Arguments of another kind than is meant are said at the call, and nothing is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from cdk_nomad import AsyncPoolsClient, CdkNomadError, ConfigurationError, Connection, Lease, PoolsClient
from cdk_nomad.sandbox import ToolCall

#: Nobody listens there: what is sent fails as a service that does not answer, after a while.
NOWHERE = Connection("http://127.0.0.1:1", None)
LEASE = Lease("0f4a.3", "hermes-sandbox", "ann", 7, 60.0, "sandbox")
NAN = float("nan")
INFINITE = float("inf")

CALLS: list[tuple[Callable[[Any], object], str]] = [
    (lambda pools: pools.claim("p", wait="60"), r"^wait is a number of seconds, not '60'; write wait=30$"),
    (lambda pools: pools.claim("p", wait=None), r"^wait is a number of seconds, not None; write wait=30$"),
    (lambda pools: pools.claim("p", wait=True), r"^wait is a number of seconds, not True; write wait=30$"),
    (lambda pools: pools.claim("p", wait=NAN), r"^wait is a number of seconds, not nan; write wait=30$"),
    (lambda pools: pools.claim("p", ttl="60"), r"^ttl is a number of seconds, not '60'; write ttl=60$"),
    (lambda pools: pools.claim("p", ttl=INFINITE), r"^ttl is a number of seconds that comes to an end, not inf; write ttl=60$"),
    (lambda pools: pools.claim(5), r'^pool is a text, not int; write pool="hermes-sandbox"$'),
    (lambda pools: pools.claim("p", owner=b"ann"), r'^owner is a text, not bytes; write owner="user-42"$'),
    (lambda pools: pools.drain(5), r'^pool is a text, not int; write pool="warm-pool-openai"$'),
    (lambda pools: pools.find(5), r"^container is a text, not int; write container=slot.id$"),
    (lambda pools: pools.execute(5, "openai", "id"), r"^user_id is a text, not int"),
    (lambda pools: pools.execute("ann", None, "id"), r"^provider is a text, not None"),
    (lambda pools: pools.execute("ann", "openai", "id", wait="5"), r"^wait is a number"),
    (lambda pools: pools.execute("ann", "openai", "id", start_timeout="5"), r"^start_timeout is a number"),
    (lambda pools: pools.execute("ann", "openai", "id", credentials=["KEY"]), r"^credentials is a mapping of names to texts, not list"),
    (lambda pools: pools.execute("ann", "openai", "id", deadline="5"), r"^deadline is a number of seconds, not '5'; write deadline=30$"),
    (lambda pools: pools.container(LEASE).execute(["ls", "-l"]), r'^command is a text, not list; write command="ls -l"$'),
    (lambda pools: pools.container(LEASE).execute("id", timeout="30"), r"^timeout is a number of seconds, not '30'; write timeout=30$"),
    (lambda pools: pools.container(LEASE).execute("id", timeout=INFINITE), r"^timeout is a number of seconds that comes to an end"),
    (lambda pools: pools.container(LEASE).execute("id", stdin=b"in"), r'^stdin is a text, not bytes; write stdin="input"$'),
    (lambda pools: pools.container(LEASE).execute("id", cwd=5), r"^cwd is a text, not int"),
    (lambda pools: pools.container(LEASE).execute("id", env={"A": 1}), r"^env\['A'\] is a text, not int; write env=\{"),
    (lambda pools: pools.container(LEASE).execute("id", env={1: "a"}), r"^env has a name that is int, and no text"),
    (lambda pools: pools.container(LEASE).stream("id", timeout="30"), r"^timeout is a number"),
    (lambda pools: pools.container(pools.container(LEASE)), r"^a lease is wanted, not (Async)?Container; write .*slot.lease$"),
]


@pytest.mark.parametrize(("call", "said"), CALLS)
def test_what_is_of_another_kind_is_said_with_what_to_write(call: Callable[[Any], object], said: str) -> None:
    with PoolsClient(NOWHERE) as pools, pytest.raises(ConfigurationError, match=said):
        call(pools)


@pytest.mark.parametrize(("call", "said"), CALLS)
def test_for_asyncio_too(call: Callable[[Any], Any], said: str) -> None:
    async def ask() -> None:
        async with AsyncPoolsClient(NOWHERE) as pools:
            answer = call(pools)
            if asyncio.iscoroutine(answer):
                await answer

    with pytest.raises(ConfigurationError, match=said):
        asyncio.run(ask())


def test_no_secret_is_shown() -> None:
    with PoolsClient(NOWHERE) as pools, pytest.raises(ConfigurationError) as refused:
        pools.container(LEASE).execute("id", secrets={"KEY": b"sesame"})  # type: ignore[dict-item]
    assert "sesame" not in str(refused.value)
    with pytest.raises(ConfigurationError, match=r"^the token of the service is a text, not bytes; ") as refused:
        Connection("http://127.0.0.1:1", b"sesame")  # type: ignore[arg-type]
    assert "sesame" not in str(refused.value)


def test_what_may_be_meant_is_taken() -> None:
    with PoolsClient(NOWHERE) as pools:
        for wait in (0, -1, 0.05):
            with pytest.raises(CdkNomadError) as failed:
                pools.claim("p", wait=wait, ttl=60)
            assert not isinstance(failed.value, ConfigurationError)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"timeout": "30"}, r"^timeout is a number of seconds, not '30'"),
        ({"slot": 0}, r'^slot is a text, not int; write slot="slot_0"$'),
        ({"args": "ls"}, r"^args is a mapping, not str"),
        ({"stdin": "in"}, r"^stdin is bytes, not str"),
        ({"env": {"A": 1}}, r"^env\['A'\] is a text, not int"),
    ],
)
def test_a_call_of_a_sandbox_too(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        ToolCall(**{"slot": "slot_0", "tool": "bash", "args": {"command": "id"}, **arguments})
