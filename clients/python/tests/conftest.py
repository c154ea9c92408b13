"""A real Nomad, Consul and service for the tests, brought up by the package's own means: AUTOSTART."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cdk_nomad import Connection, PoolsClient
from cdk_nomad.local import LocalPools, LocalSettings

REPOSITORY = Path(__file__).resolve().parents[3]
#: How the tests' sandboxes are: real ones, as processes of the node.
VARIABLES = {
    "TERMINAL_NOMAD_DRIVER": "raw_exec",
    "TERMINAL_NOMAD_SLOTS": "25",
    "TERMINAL_NOMAD_MIN": "1",
    "TERMINAL_NOMAD_MAX": "5",
}
POOL = "hermes-sandbox"


def until(what: str, holds: Callable[[], bool], limit: float = 120) -> None:
    """Waits until something holds. The limit ends what never happens, and is no measure of how fast something is."""
    end = time.monotonic() + limit
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {limit:.0f} s")
        time.sleep(0.1)


def processes_with(text: str) -> list[str]:
    """The processes of this machine that have a text in their arguments."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if text in line:
                found.append(f"{folder.name} {line}")
    return found


@pytest.fixture(scope="session")
def command() -> tuple[str, ...]:
    """The command line of this repository."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node")
    return (node, str(REPOSITORY / "bin" / "cdk-nomad.js"))


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory, command: tuple[str, ...]) -> Iterator[LocalPools]:
    """The cluster of all tests, and a service of it."""
    settings = LocalSettings(
        folder=tmp_path_factory.mktemp("nomad"),
        command=command,
        port_offset=int(os.environ.get("CDK_NOMAD_TEST_PORT_OFFSET", "0")),
        env={**os.environ, **VARIABLES},
    )
    # What Nomad's tasks read is not for the owner of the test alone.
    for folder in (settings.folder, *settings.folder.parents):
        if folder.owner() == Path.home().owner() and str(folder).startswith("/tmp/pytest-"):
            folder.chmod(0o755)
    pools = LocalPools(settings)
    try:
        pools.connection()
        yield pools
    finally:
        pools.down()


@pytest.fixture
def client(local: LocalPools) -> Iterator[PoolsClient]:
    """A client of the service, which has given back everything at the end."""
    with PoolsClient(local.connection()) as client:
        yield client
        for lease in client.list():
            client.container(lease).release()


@pytest.fixture
def service(local: LocalPools) -> Iterator[ServiceStarter]:
    """Starts further services of the same pools, and ends them."""
    starter = ServiceStarter(local.settings)
    yield starter
    starter.close()


class ServiceStarter:
    """Services of their own beside the one that all tests share."""

    def __init__(self, settings: LocalSettings) -> None:
        self._settings = settings
        self._started: list[LocalPools] = []

    def start(self) -> LocalPools:
        """Another service of the same cluster."""
        # The cluster is there: up finds it.
        started = LocalPools(self._settings)
        started.connection()
        self._started.append(started)
        return started

    def close(self) -> None:
        """Ends them."""
        for each in self._started:
            each.close()


def connection_of(pools: LocalPools) -> Connection:
    """Where its service is."""
    return pools.connection()


def kill_service(pools: LocalPools) -> None:
    """Ends a service at once, without a word."""
    child = pools._service._child if pools._service else None
    assert child is not None
    child.kill()
    child.wait()


def run(code: str, **env: str) -> subprocess.Popen[str]:
    """A program of Python in a process of its own."""
    import sys

    return subprocess.Popen([sys.executable, "-c", code], env={**os.environ, **env}, stdout=subprocess.PIPE, text=True)
