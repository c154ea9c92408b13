"""Pools on this machine: the embedded cluster of ``cdk-nomad up``, and a service that ends with this process.

The cluster stays up, as after ``cdk-nomad up``; ``cdk-nomad down`` in its folder ends it. The service is a child of this process and
keeps no state, so every process may have one of its own: it ends with its parent, also where that is killed.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from .client import PoolsClient
from .errors import CdkNomadError, ConfigurationError
from .settings import Connection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

#: How long the cluster may take to come up, in seconds: on a new machine it is built first, which takes minutes.
CLUSTER = 900.0
#: How long the service may take to say where it listens, and to be ready, in seconds.
SERVICE = 60.0
#: So many bytes of the end of the service's log are read.
_LONGEST_LOG = 65_536
#: Whoever started the service is its only user, who may run as many commands as it runs at all.
_ALL_COMMANDS = ("--commands-of-owner", "200")


class LocalPoolsError(CdkNomadError):
    """The cluster or the service on this machine did not start; the text has what it said."""


@dataclass(frozen=True)
class LocalSettings:
    """What is started on this machine."""

    #: The folder of the cluster: what ``cdk-nomad`` keeps stands in ``.cdk-nomad`` there.
    folder: Path
    #: The slot pools that are served. The one that TERMINAL_NOMAD_JOB_ID names is registered where nobody has deployed it.
    slot_pools: tuple[str, ...] = ("hermes-sandbox",)
    #: The warm pools that are served.
    pools: tuple[str, ...] = ()
    #: The command line of ``cdk-nomad``; None: it is looked for.
    command: tuple[str, ...] | None = None
    #: A Nomad that is there, whose address this is; None: the embedded one is started.
    nomad_address: str | None = None
    #: How far the ports of the embedded cluster are moved.
    port_offset: int = 0
    #: Variables for both, such as TERMINAL_NOMAD_DRIVER; by default those of this process.
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False, compare=False)


def find_command(env: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The command line of ``cdk-nomad``: what CDK_NOMAD_COMMAND says, else the program on the path, else npx.

    :raises ConfigurationError: where there is none of them
    """
    env = os.environ if env is None else env
    said = env.get("CDK_NOMAD_COMMAND")
    if said:
        return tuple(shlex.split(said))
    found = shutil.which("cdk-nomad", path=env.get("PATH"))
    if found:
        return (found,)
    npx = shutil.which("npx", path=env.get("PATH"))
    if npx:
        # What is not installed is not fetched behind anybody's back.
        return (npx, "--no-install", "cdk-nomad")
    raise ConfigurationError(
        "there is no cdk-nomad here, and it is in no registry: write the command line of a checkout into CDK_NOMAD_COMMAND, "
        "such as node /path/to/cdk-nomad/bin/cdk-nomad.js"
    )


class LocalPools:
    """Starts what is needed, once, and again where it has ended."""

    def __init__(self, settings: LocalSettings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._service: _Service | None = None
        self._tokens: _Tokens | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def connection(self) -> Connection:
        """Where the service is; it is started where it does not run.

        :raises LocalPoolsError: where it does not start
        """
        with self._lock:
            if self._service is not None and self._service.lives:
                return self._service.connection
            if self._service is not None:
                self._service.close()
                self._service = None
            self.settings.folder.mkdir(parents=True, exist_ok=True)
            command = self.settings.command or find_command(self.settings.env)
            with ThreadPoolExecutor(1) as threads:
                # Each is a program that takes a second or two to start.
                tokens = threads.submit(self._make_tokens, command)
                if self.settings.nomad_address is None:
                    self._bring_cluster(command)
            self._service = _Service(self.settings, command, tokens.result())
            return self._service.connection

    def said_of(self, pool: str) -> str:
        """What the service said last of a pool, such as why none of its sandboxes runs; nothing where it said nothing."""
        with self._lock:
            return self._service.said_of(pool) if self._service is not None else ""

    def close(self) -> None:
        """Ends the service. The cluster stays up, and leases stand for their time."""
        with self._lock:
            service, self._service = self._service, None
            tokens, self._tokens = self._tokens, None
        if service is not None:
            service.close()
        if tokens is not None:
            tokens.folder.cleanup()

    def down(self) -> None:
        """Ends the service and the embedded cluster, with everything that runs there."""
        self.close()
        command = self.settings.command or find_command(self.settings.env)
        if self.settings.nomad_address is None:
            _run([*command, "down"], self.settings, 120.0)

    def _make_tokens(self, command: Sequence[str]) -> _Tokens:
        """The one token of the services that are started here, in a file that nobody else reads."""
        if self._tokens is None:
            folder = tempfile.TemporaryDirectory(prefix="cdk-nomad-tokens-")
            file = Path(folder.name) / "tokens.jsonl"
            scopes = [part for scope in ("claim", "execute", "read", "any-owner") for part in ("--scope", scope)]
            try:
                said = _run(
                    [*command, "pool", "token", "create", "--owner", "local", *scopes, "--file", str(file), "--json"],
                    self.settings,
                    SERVICE,
                )
                self._tokens = _Tokens(folder, file, str(json.loads(said)["token"]))
            except BaseException:
                folder.cleanup()
                raise
        return self._tokens

    def _bring_cluster(self, command: Sequence[str]) -> None:
        project = self.settings.folder / "cdktf.json"
        if not project.exists():
            # What makes a folder a project of cdk-nomad's: its cluster stands there, and it has no program.
            project.write_text('{ "language": "typescript", "app": "true" }\n', encoding="utf-8")
        offset = ["--port-offset", str(self.settings.port_offset)] if self.settings.port_offset else []
        with _one_at_a_time(self.settings.folder / ".cdk-nomad-start.lock"):
            _run([*command, "up", *offset], self.settings, CLUSTER)


@dataclass(frozen=True)
class _Tokens:
    folder: tempfile.TemporaryDirectory[str]
    file: Path
    token: str = field(repr=False)


class _Service:
    """``cdk-nomad serve`` as a child of this process, which ends with it."""

    def __init__(self, settings: LocalSettings, command: Sequence[str], tokens: _Tokens) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed with the service
        self._child: subprocess.Popen[bytes] | None = None
        try:
            self._child = self._spawn(settings, command, tokens.file)
            self.connection = Connection(self._address(), tokens.token)
            self._until_ready()
        except BaseException:
            self.close()
            raise

    def _spawn(self, settings: LocalSettings, command: Sequence[str], tokens: Path) -> subprocess.Popen[bytes]:
        named = [part for pool in settings.slot_pools for part in ("--slot-pool", pool)]
        named += [part for pool in settings.pools for part in ("--pool", pool)]
        job = settings.env.get("TERMINAL_NOMAD_JOB_ID") or "hermes-sandbox"
        register = ["--register"] if job in settings.slot_pools else []
        # The usual port may be another service's; what is asked for by a variable is for services that others start.
        args = [
            "serve",
            *named,
            *register,
            "--tokens",
            str(tokens),
            "--listen",
            "127.0.0.1",
            "--port",
            "0",
            "--json",
            "--with-parent",
            *_ALL_COMMANDS,
        ]
        return subprocess.Popen(
            [*command, *args],
            cwd=settings.folder,
            env=_environment(settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            # An interruption at the keyboard is for this process, which gives its leases back by the service.
            start_new_session=True,
        )

    @property
    def lives(self) -> bool:
        """Whether it runs."""
        return self._child is not None and self._child.poll() is None

    def _address(self) -> str:
        """Where it listens: one value of JSON on its standard output, which may have several lines."""
        assert self._child is not None  # noqa: S101 - made before this
        assert self._child.stdout is not None  # noqa: S101 - it is a pipe
        found: list[str] = []
        reader = threading.Thread(target=_read_address, args=(self._child.stdout, found), daemon=True)
        reader.start()
        reader.join(SERVICE)
        if not found:
            raise LocalPoolsError(f"the service does not start: {self._said()}")
        return found[0]

    def _until_ready(self) -> None:
        end = time.monotonic() + SERVICE
        with PoolsClient(self.connection) as client:
            while not client.is_ready():
                if not self.lives or time.monotonic() > end:
                    raise LocalPoolsError(f"the service does not become ready: {self._said()}")
                time.sleep(0.05)

    def said_of(self, pool: str) -> str:
        """What it said last of a pool. Its log of requests, a line of JSON each, is passed over."""
        lines = (line.strip() for line in self._text().splitlines())
        return next((line for line in reversed([*lines]) if line.startswith(f"the pool {pool} ")), "")

    def _text(self) -> str:
        # The child writes at its own place of the same file.
        log = self._log.fileno()
        return os.pread(log, _LONGEST_LOG, max(0, os.fstat(log).st_size - _LONGEST_LOG)).decode(errors="replace")

    def _said(self) -> str:
        text = self._text().strip()
        return text[-2000:] or f"it ended with {self._child.poll() if self._child else None}, and said nothing"

    def close(self) -> None:
        """Ends it, in order where it does so within a few seconds."""
        child, self._child = self._child, None
        if child is not None:
            if child.stdin is not None:
                child.stdin.close()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            if child.stdout is not None:
                child.stdout.close()
        self._log.close()


def _read_address(stream: IO[bytes], found: list[str]) -> None:
    text = ""
    for line in stream:
        text += line.decode(errors="replace")
        with suppress(ValueError, KeyError):
            found.append(str(json.loads(text)["address"]))
            return


def _environment(settings: LocalSettings) -> dict[str, str]:
    env = {**settings.env, "NO_COLOR": "1", "CHECKPOINT_DISABLE": "1"}
    for name in (
        "POOL_SERVICE_LISTEN",
        "POOL_SERVICE_PORT",
        "POOL_SERVICE_POOLS",
        "POOL_SERVICE_SLOT_POOLS",
        "POOL_SERVICE_TOKENS_VARIABLE",
    ):
        env.pop(name, None)
    if settings.nomad_address is not None:
        env["NOMAD_ADDR"] = settings.nomad_address
    else:
        # The embedded cluster is meant, whatever a shell has of another one.
        for name in ("NOMAD_ADDR", "NOMAD_TOKEN", "CONSUL_HTTP_ADDR", "CONSUL_HTTP_TOKEN"):
            env.pop(name, None)
    return env


def _run(command: Sequence[str], settings: LocalSettings, seconds: float) -> str:
    try:
        done = subprocess.run(
            command, cwd=settings.folder, env=_environment(settings), capture_output=True, text=True, timeout=seconds, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as error:
        raise LocalPoolsError(f"{command[0]} cannot be run ({error.strerror}); write its command line into CDK_NOMAD_COMMAND") from error
    except subprocess.TimeoutExpired as error:
        raise LocalPoolsError(f"{' '.join(command[-2:])} did not end within {seconds:.0f} s") from error
    if done.returncode != 0:
        raise LocalPoolsError(f"{' '.join(command[-2:])} failed: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    """Only one process of this machine brings a cluster up; the others wait, and find it."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)
