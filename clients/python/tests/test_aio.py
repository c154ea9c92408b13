"""The asynchronous client, and clients of a sandbox's own server, against real ones."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from conftest import POOL, REPOSITORY, processes_with, until
from test_client import FORKS, nap

from cdk_nomad import AsyncPoolsClient, ContainerUnknownError, LeaseEndedError, Output, PoolsClient
from cdk_nomad.sandbox import AsyncSandboxClient, SandboxClient, SandboxRefusedError, ToolCall, ToolResult

pytestmark = pytest.mark.cluster


def test_slots_are_claimed_used_and_given_back(client: PoolsClient) -> None:
    async def main() -> None:
        async with AsyncPoolsClient(client.connection) as pools:
            assert await pools.is_ready()
            async with await pools.claim(POOL) as slot:
                said = await slot.execute('echo "$KEY"; exit 3', secrets={"KEY": "k"})
                assert (said.stdout, said.exit_code) == ("k\n", 3)
                execution = slot.stream("echo out; echo err >&2")
                assert (await execution.collect()).stdout == "out\n"
                assert execution.exit is not None
                assert await pools.find(slot.id) == slot.lease
            assert await pools.list() == ()
            with pytest.raises((LeaseEndedError, ContainerUnknownError)):
                await slot.execute("id")
            assert [figures.pool for figures in await pools.pools()] == [POOL]

    asyncio.run(main())


def test_a_task_that_is_cancelled_ends_its_command_and_gives_its_slot_back(client: PoolsClient) -> None:
    seconds = nap(30)

    async def held(pools: AsyncPoolsClient) -> None:
        async with await pools.claim(POOL) as slot:
            await slot.execute(FORKS.format(seconds) + f"sleep {seconds}")

    async def main() -> None:
        async with AsyncPoolsClient(client.connection) as pools:
            task = asyncio.create_task(held(pools))
            while len(processes_with(f"sleep {seconds}")) < 4:  # noqa: ASYNC110 - of other processes
                await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            while await pools.list() != ():  # noqa: ASYNC110 - of the service
                await asyncio.sleep(0.1)

    asyncio.run(main())
    until("the tree is gone", lambda: processes_with(seconds) == [])


def test_leaving_a_stream_early_ends_its_command(client: PoolsClient) -> None:
    seconds = nap(31)

    async def main() -> None:
        async with AsyncPoolsClient(client.connection) as pools, await pools.claim(POOL) as slot:
            async with slot.stream(f"echo begun; sleep {seconds}") as execution, aclosing(execution.pieces()) as pieces:
                assert (await anext(pieces)).data == b"begun\n"
            assert (await slot.execute("echo goes on")).stdout == "goes on\n"

    asyncio.run(main())
    until("the tree is gone", lambda: processes_with(seconds) == [])


@pytest.fixture
def sandbox(tmp_path: Path, command: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """A sandbox's server of one's own, with two slots: its address and its token."""
    node, *_ = command
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    data = Path(f"/tmp/cdk-nomad-sandbox-{os.getpid()}")
    data.mkdir(mode=0o755)
    token = tmp_path / "token"
    main = REPOSITORY / "lib/pools/sandbox/server/main.ts"
    args = ["--port", str(port), "--slots", "2", "--data-dir", str(data), "--token-file", str(token), "--listen", "127.0.0.1"]
    child = subprocess.Popen([node, "--import", "tsx", str(main), *args], cwd=REPOSITORY, stdout=subprocess.DEVNULL)
    try:
        with SandboxClient(f"http://127.0.0.1:{port}") as probe:
            until("the sandbox answers", lambda: child.poll() is None and answers(probe))
        yield f"http://127.0.0.1:{port}", token.read_text().strip()
    finally:
        child.terminate()
        child.wait(30)
        shutil.rmtree(data, ignore_errors=True)


def answers(client: SandboxClient) -> bool:
    try:
        return client.health().status == "ok"
    except Exception:  # noqa: BLE001 - it is asked again
        return False


def test_a_sandbox_of_ones_own(sandbox: tuple[str, str]) -> None:
    address, token = sandbox
    with SandboxClient(address) as stranger, pytest.raises(SandboxRefusedError) as refused:
        stranger.bash("slot_0", "id")
    assert refused.value.code == "unauthorized"
    with SandboxClient(address, token) as client:
        assert client.health().slots == 2
        assert [slot.id for slot in client.slots()] == ["slot_0", "slot_1"]
        said = client.bash("slot_0", 'echo "$A"; cat; exit 3', env={"A": "a"}, stdin=b"in\n")
        assert (said.output.split(), said.exit_code, said.success) == (["a", "in"], 3, False)
        assert client.call(ToolCall("slot_0", "write_file", {"path": "notes/a.txt", "content": "text"})).success
        assert client.read_artifact("slot_0", "notes/a.txt") == b"text"
        assert "notes/a.txt" in client.list_artifacts("slot_0", recursive=True)
        assert client.archive_artifacts("slot_0").startswith(b"\x1f\x8b")
        late = client.bash("slot_0", "sleep 60", timeout=1)
        assert (late.exit_code, late.timed_out) == (124, True)
        batch = client.batch([ToolCall("slot_0", "bash", {"command": "echo one"}), ToolCall("slot_9", "bash", {"command": "id"})])
        assert isinstance(batch[0], ToolResult)
        assert batch[0].output.strip() == "one"
        assert isinstance(batch[1], SandboxRefusedError)
        *pieces, end = client.stream(ToolCall("slot_1", "bash", {"command": "echo streamed; exit 4"}))
        assert pieces == [Output("stdout", b"streamed\n")]
        assert isinstance(end, ToolResult)
        assert end.exit_code == 4
        client.reset("slot_0", generation=4)
        assert client.list_artifacts("slot_0", generation=4) == []
        with pytest.raises(SandboxRefusedError) as stale:
            client.bash("slot_0", "id", generation=3)
        assert stale.value.code == "stale-generation"


def test_a_sandbox_of_ones_own_by_asyncio(sandbox: tuple[str, str]) -> None:
    address, token = sandbox

    async def main() -> list[object]:
        async with AsyncSandboxClient(address, token) as client:
            assert (await client.health()).slots == 2
            assert (await client.call(ToolCall("slot_0", "bash", {"command": "echo hi"}))).output.strip() == "hi"
            await client.reset("slot_0")
            return [event async for event in client.stream(ToolCall("slot_1", "bash", {"command": "echo streamed"}))]

    first, end = asyncio.run(main())
    assert first == Output("stdout", b"streamed\n")
    assert isinstance(end, ToolResult)
    assert json.dumps(end.exit_code) == "0"
