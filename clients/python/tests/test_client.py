"""The client against a real service on a real cluster."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import POOL, VARIABLES, ServiceStarter, kill_service, processes_with, run, until

from cdk_nomad import (
    Connection,
    ConnectionLostError,
    ContainerUnknownError,
    ForbiddenError,
    LeaseEndedError,
    Output,
    PoolBusyError,
    PoolsClient,
    PoolUnknownError,
    UnauthorizedError,
)
from cdk_nomad.local import LocalPools

pytestmark = pytest.mark.cluster
#: What starts children that do all that a child can to outlive what started it.
FORKS = "sleep {0} & setsid sleep {0} & (nohup setsid sleep {0} >/dev/null 2>&1 &); (env -i setsid /bin/sh -c 'sleep {0}; :' &); "


def nap(number: int) -> str:
    """Seconds that nothing else sleeps for."""
    return f"{100_000 + os.getpid()}{number:03d}"


def test_a_slot_runs_commands_with_their_variables_and_is_given_back(client: PoolsClient) -> None:
    with client.claim(POOL) as slot:
        assert slot.lease.pool == POOL
        assert slot.lease.isolation == "sandbox"
        said = slot.execute('echo "$A $KEY"; cat; echo wrong >&2; exit 3', env={"A": "a b"}, secrets={"KEY": "s'e c"}, stdin="in\n")
        assert (said.stdout, said.stderr, said.exit_code, said.ended, said.ok) == ("a b s'e c\nin\n", "wrong\n", 3, "exited", False)
        slot.execute("echo kept > file")
        assert slot.execute("cat file").stdout == "kept\n"
        assert client.find(slot.id) == slot.lease
        assert slot.lease in client.list()
    assert client.list() == ()
    with pytest.raises((LeaseEndedError, ContainerUnknownError)):
        slot.execute("id")
    # In any finally: what is over already stays so.
    assert slot.release() is False


def test_the_next_lease_finds_nothing_of_the_one_before(client: PoolsClient) -> None:
    with client.claim(POOL) as first:
        first.execute("echo mine > file; echo mine > /tmp/file")
    slots = [client.claim(POOL) for _ in range(25)]
    assert len({slot.id for slot in slots}) == 25
    with ThreadPoolExecutor(25) as threads:
        seen = list(threads.map(lambda slot: slot.execute("cat file /tmp/file 2>/dev/null; ls -A").stdout, slots))
    assert seen == [""] * 25
    for slot in slots:
        assert slot.release()


def test_output_comes_as_it_is_written_and_byte_by_byte(client: PoolsClient) -> None:
    with client.claim(POOL) as slot:
        execution = slot.stream("echo first; sleep 2; printf '\\377\\000x'; echo err >&2; exit 5", timeout=60)
        pieces: list[Output] = []
        for piece in execution:
            if not pieces:
                # It came before the command has ended.
                assert (piece.stream, piece.data) == ("stdout", b"first\n")
                assert execution.exit is None
            pieces.append(piece)
        assert b"".join(piece.data for piece in pieces if piece.stream == "stdout") == b"first\n\xff\x00x"
        assert b"".join(piece.data for piece in pieces if piece.stream == "stderr") == b"err\n"
        assert execution.exit is not None
        assert execution.exit.exit_code == 5
        # More than a result keeps.
        size = sum(len(piece.data) for piece in slot.stream("head -c 3000000 /dev/zero"))
        assert size == 3_000_000


def test_a_command_that_takes_too_long_ends_with_its_tree(client: PoolsClient) -> None:
    seconds = nap(1)
    with client.claim(POOL) as slot:
        said = slot.execute(FORKS.format(seconds) + f"echo begun; sleep {seconds}", timeout=1.5)
        assert (said.exit_code, said.ended, said.stdout) == (124, "timeout", "begun\n")
        until("the tree is gone", lambda: processes_with(seconds) == [])


@pytest.mark.parametrize("how", ["cancel", "leave"])
def test_a_command_that_is_given_up_ends_with_its_tree_and_its_slot_goes_on(client: PoolsClient, how: str) -> None:
    seconds = nap(2 if how == "cancel" else 3)
    with client.claim(POOL) as slot:
        with slot.stream(FORKS.format(seconds) + f"echo begun; sleep {seconds}") as execution:
            pieces = iter(execution)
            assert next(pieces).data == b"begun\n"
            assert len(processes_with(f"sleep {seconds}")) > 3
            if how == "cancel":
                # From another thread, while this one waits for the next piece.
                threading.Timer(0.3, execution.cancel).start()
                assert list(pieces) == []
        assert execution.cancelled
        assert execution.exit is None
        until("the tree is gone", lambda: processes_with(seconds) == [])
        assert slot.execute("echo goes on").stdout == "goes on\n"


def test_a_client_that_is_killed_leaves_no_process_and_no_lease(client: PoolsClient, local: LocalPools) -> None:
    seconds = nap(4)
    connection = local.connection()
    code = f"""
import os
from cdk_nomad import PoolsClient
slot = PoolsClient().claim({POOL!r}, ttl=5)
for piece in slot.stream({FORKS.format(seconds) + f"echo begun; sleep {seconds}"!r}):
    print(slot.id, flush=True)
"""
    child = run(code, POOL_SERVICE_ADDR=connection.address, POOL_SERVICE_TOKEN=connection.token or "")
    assert child.stdout is not None
    container = child.stdout.readline().strip()
    assert container in {lease.id for lease in client.list()}
    assert len(processes_with(f"sleep {seconds}")) > 3
    child.send_signal(signal.SIGKILL)
    child.wait()
    until("the tree is gone", lambda: processes_with(f"sleep {seconds}") == [])
    until("the lease is over", lambda: client.list() == ())
    with client.claim(POOL) as again:
        assert again.execute("ls -A").stdout == ""


def test_a_lease_that_is_kept_stands_beyond_its_ttl_and_one_that_is_not_ends(client: PoolsClient) -> None:
    kept, loose = client.claim(POOL, ttl=5), client.claim(POOL, ttl=5, keep=False)
    until("the one that nobody renews is over", lambda: [lease.id for lease in client.list()] == [kept.id])
    time.sleep(3)
    assert kept.execute("echo stands").stdout == "stands\n"
    with pytest.raises((LeaseEndedError, ContainerUnknownError)):
        loose.execute("id")
    assert kept.release()


def test_a_lease_that_is_lost_is_told(client: PoolsClient) -> None:
    told: list[Exception] = []
    slot = client.claim(POOL, ttl=5, on_lost=told.append)
    # Somebody else with the same rights gives it back.
    assert client.container(client.find(slot.id)).lease == slot.lease
    with PoolsClient(client.connection) as other:
        other.container(slot.lease).release()
    until("it is told", lambda: bool(told))
    assert isinstance(told[0], LeaseEndedError | ContainerUnknownError)


def test_leases_stand_while_the_service_is_killed_and_another_serves_them(client: PoolsClient, service: ServiceStarter) -> None:
    first = service.start()
    with PoolsClient(first.connection()) as early:
        slot = early.claim(POOL)
        slot.execute("echo kept > file")
        cut = slot.stream("echo begun; sleep 60")
        pieces = iter(cut)
        assert next(pieces).data == b"begun\n"
        kill_service(first)
        with pytest.raises(ConnectionLostError):
            list(pieces)
    # It is started again where somebody asks for it.
    with PoolsClient(first.connection()) as late:
        same = late.container(slot.lease)
        until("the command of before has ended", lambda: same.execute("cat file").stdout == "kept\n")
    assert client.container(slot.lease).release()


def test_a_service_ends_with_the_program_that_started_it_also_where_that_is_killed(client: PoolsClient, local: LocalPools) -> None:
    code = f"""
import time
from cdk_nomad import PoolsClient
from cdk_nomad.hermes import HermesSettings
from cdk_nomad.local import LocalPools
pools = LocalPools(HermesSettings.from_environment().local)
slot = PoolsClient(pools.connection()).claim({POOL!r}, ttl=5)
print(pools._service._child.pid, slot.id, flush=True)
time.sleep(1000)
"""
    settings = local.settings
    child = run(
        code,
        **VARIABLES,
        TERMINAL_NOMAD_AUTOSTART="true",
        TERMINAL_NOMAD_FOLDER=str(settings.folder),
        TERMINAL_NOMAD_PORT_OFFSET=str(settings.port_offset),
        CDK_NOMAD_COMMAND=" ".join(settings.command or ()),
    )
    assert child.stdout is not None
    pid, container = child.stdout.readline().split()
    assert Path(f"/proc/{pid}").exists()
    # Services share the pool: what one leased, another one knows.
    assert container in {lease.id for lease in client.list()}
    child.kill()
    child.wait()
    until("the service has ended", lambda: not Path(f"/proc/{pid}").exists())
    until("its lease is over", lambda: client.list() == ())


def test_a_pool_that_is_full_says_so_and_a_claim_that_waits_has_it_grow(client: PoolsClient) -> None:
    slots = [client.claim(POOL, wait=60) for _ in range(60)]
    assert len({slot.id for slot in slots}) == 60
    assert len({slot.id.split(".")[0] for slot in slots}) >= 3
    more = []
    with pytest.raises(PoolBusyError) as busy:  # noqa: PT012 - how many are free depends on how far it has grown
        for _ in range(100):
            more.append(client.claim(POOL, wait=0))
    assert busy.value.status == 429
    assert busy.value.retry_after is not None
    # Whoever waits has the one that comes free, in time.
    with ThreadPoolExecutor(1) as threads:
        waits = threads.submit(client.claim, POOL, wait=60)
        slots.pop().release()
        assert waits.result(60).release()
    with ThreadPoolExecutor(10) as threads:
        assert all(threads.map(lambda slot: slot.release(), [*slots, *more]))


def test_what_is_refused_has_a_class(client: PoolsClient) -> None:
    with pytest.raises(PoolUnknownError, match=POOL):
        client.claim("nothing-like-it", wait=0)
    with pytest.raises(ContainerUnknownError):
        client.find("../../etc")
    nobody = Connection(client.connection.address, "not-a-token")
    with PoolsClient(nobody) as stranger, pytest.raises(UnauthorizedError):
        stranger.list()
    assert "not-a-token" not in repr(nobody)
    with pytest.raises(ForbiddenError, match="admin"):
        client.drain(POOL)
