"""The environment of hermes-agent whose commands run in a slot of a pool."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from typing import Any

from tools.environments import base

from .. import errors
from ..client import PoolsClient
from ..container import Container
from .process import SlotProcess
from .source import PoolSource

logger = logging.getLogger(__name__)

#: How much longer the service lets a command run than hermes-agent does, which ends it itself and says so, in seconds.
GRACE = 10.0
#: The folder that hermes-agent has for containers where nobody said one. A slot has a workspace instead.
_NO_FOLDER = {"", "/root", "~"}
#: What a slot tells of itself: its workspace, and a folder for files of the session that is its own.
_ABOUT = 'printf "%s\\n%s\\n" "$(pwd -P)" "${TMPDIR:-/tmp}"'
_REPLACED = "[The sandbox was replaced: files and variables of earlier commands are gone]\n"
#: Why a background command is refused.
NO_BACKGROUND = (
    "Background commands cannot run in a slot of a pool: everything that a command starts ends with it. "
    "Run it in the foreground, with a timeout that is long enough."
)
_UNKNOWN = "What the command did is not known. Look at what is there before you run it again."


class NomadEnvironmentError(RuntimeError):
    """The sandbox cannot be reached, in releases of hermes-agent that have no class for it."""


class _Lost(Exception):  # noqa: N818 - no error of anybody's: the slot is gone, and nothing was run
    pass


class NomadEnvironment(base.BaseEnvironment):  # type: ignore[misc]
    """One slot of a sandbox, or one container of a warm pool, for one task.

    The slot is claimed when this is made, renewed while it stands, and given back by :meth:`cleanup`; where the process dies it is ended
    and emptied after its ttl. Where the slot is lost, such as with its node, the next command has another one and says so.

    :param cwd: the folder that commands start in; default: the slot's workspace
    :param timeout: seconds until a command is ended, where it does not say
    :param task_id: whose it is, for logs
    :param env: variables of every command
    :param persistent: whether hermes-agent keeps it between turns
    """

    _snapshot_timeout = 60
    is_local = False
    #: A probe that takes too long ends by itself, and the slot goes on.
    _sudo_nopasswd_probe_supported = True

    def __init__(
        self,
        source: PoolSource,
        *,
        cwd: str = "",
        timeout: int = 180,
        task_id: str = "default",
        env: dict[str, str] | None = None,
        persistent: bool = True,
    ) -> None:
        self._container: Container | None = None
        self._closed = False
        self._opening = threading.RLock()
        self._source = source
        self._workspaces: list[str] = []
        self._lost = threading.Event()
        self._persistent = persistent
        self.task_id = task_id
        self._wanted_cwd = "" if cwd in _NO_FOLDER and os.environ.get("TERMINAL_CWD", "") != cwd else cwd
        super().__init__(cwd=self._wanted_cwd, timeout=timeout, env=env)
        self._open()

    @property
    def container(self) -> Container | None:
        """The slot that it has; None once it was given back."""
        return self._container

    def execute(self, command: str, cwd: str = "", **options: Any) -> dict[str, Any]:  # noqa: ANN401 - hermes-agent's, of any release
        """Runs a command, as hermes-agent's own environments do.

        The result has its exit code as ``returncode`` and as ``exit_code``: 124 where it ran out of time, 130 where it was interrupted. It
        has ``environment_recreated`` where the slot had to be replaced before it ran.
        """
        if _is_background(command, options):
            return _with_codes({"output": NO_BACKGROUND, "returncode": 1})
        recreated = self._ensure()
        try:
            result: dict[str, Any] = super().execute(command, self._folder(cwd, recreated), **options)
        except _Lost:
            # Nothing was run: it may run in another slot.
            recreated = self._ensure()
            try:
                result = super().execute(command, self._folder(cwd, recreated), **options)
            except _Lost as lost:
                raise _infrastructure("the slot was lost twice in a row") from lost
        if recreated:
            result["output"] = _REPLACED + str(result.get("output", ""))
            result["environment_recreated"] = True
        return _with_codes(result)

    def cleanup(self) -> None:
        """Gives the slot back: what runs in it ends, and it is emptied."""
        if not hasattr(self, "_opening"):
            return
        with self._opening:
            self._closed = True
            container, self._container = self._container, None
        if container is None:
            return
        try:
            container.release()
        except errors.CdkNomadError as error:
            logger.warning("the slot %s is not given back (%s): it ends by itself within %.0f s", container.id, error, container.lease.ttl)

    # What hermes-agent's base class calls.

    def get_temp_dir(self) -> str:
        """Where the session's files are: in the slot's own folder, which is emptied with it."""
        return getattr(self, "_temp", "/tmp")  # noqa: S108 - the slot's own, before it is known

    def _run_bash(self, cmd_string: str, *, login: bool = False, timeout: int = 120, stdin_data: str | None = None) -> SlotProcess:
        container = self._container
        if container is None:
            raise _infrastructure("the environment was cleaned up; make another")
        return SlotProcess(container, cmd_string, login=login, timeout=timeout + GRACE, stdin=stdin_data, env=self.env)

    def _wait_for_process(self, proc: SlotProcess, timeout: int = 120, **options: Any) -> dict[str, Any]:  # noqa: ANN401
        result: dict[str, Any] = super()._wait_for_process(proc, timeout=timeout, **options)
        failure = proc.failure
        if failure is None or result.get("returncode") in (124, 130):
            return result
        if isinstance(failure, errors.LeaseEndedError | errors.ContainerUnknownError):
            self._lost.set()
            raise _Lost(str(failure)) from failure
        if isinstance(failure, errors.PlaceLostError | errors.ConnectionLostError):
            if isinstance(failure, errors.PlaceLostError):
                self._lost.set()
            return _unknown(str(result.get("output", "")), failure)
        raise _infrastructure(str(failure)) from failure

    # The slot.

    def _ensure(self) -> bool:
        """Has a slot that stands. Returns whether it is another one than before."""
        with self._opening:
            if self._closed:
                raise _infrastructure("the environment was cleaned up; make another")
            client = self._client()
            if self._container is not None and not self._lost.is_set():
                # The service may have been started anew, elsewhere: the lease stands.
                if self._container.client is not client:
                    self._container = client.container(self._container.lease, keep=True, on_lost=self._on_lost(self._container.lease))
                return False
            self._open()
            return True

    def _open(self) -> None:
        """Claims a slot, and begins a session there."""
        client = self._client()
        old, self._container = self._container, None
        if old is not None:
            # What is over stays over; one that only seemed so is not left behind.
            _quietly(old.release)
        settings = self._source.settings
        try:
            container = client.claim(settings.pool, ttl=settings.ttl, wait=settings.wait, keep=False)
            self._lost.clear()
            container = client.container(container.lease, keep=True, on_lost=self._on_lost(container.lease))
            try:
                about = container.execute(_ABOUT, timeout=self._snapshot_timeout)
                workspace, temp, *_ = about.stdout.splitlines()
            except BaseException:
                _quietly(container.release)
                raise
        except errors.PoolBusyError as error:
            why = self._source.why()
            raise _infrastructure("; ".join(part for part in (f"no slot of {settings.pool} can be had: {error}", why) if part)) from error
        except errors.CdkNomadError as error:
            raise _infrastructure(f"no slot of {settings.pool} can be had: {error}") from error
        except ValueError as error:
            raise _infrastructure(f"the slot of {settings.pool} has no shell that works") from error
        self._container = container
        self._workspaces.append(workspace)
        self._temp = temp
        folder = temp.rstrip("/")
        self._snapshot_path = f"{folder}/hermes-snap-{self._session_id}.sh"
        self._cwd_file = f"{folder}/hermes-cwd-{self._session_id}.txt"
        self._snapshot_ready = False
        self.cwd = self._wanted_cwd or workspace
        logger.info("task %s has %s of %s (%s)", self.task_id, container.id, settings.pool, container.lease.isolation)
        try:
            self.init_session()
        except BaseException:
            self._container = None
            _quietly(container.release)
            raise

    def _client(self) -> PoolsClient:
        try:
            return self._source.client()
        except errors.CdkNomadError as error:
            raise _infrastructure(str(error)) from error

    def _on_lost(self, lease: object) -> Callable[[errors.CdkNomadError], None]:
        def lost(error: errors.CdkNomadError) -> None:
            # One that was replaced meanwhile says nothing about the slot that there is now.
            if self._container is not None and self._container.lease == lease:
                logger.warning("the slot of task %s is lost: %s", self.task_id, error)
                self._lost.set()

        return lost

    def _folder(self, cwd: str, recreated: bool) -> str:
        """A folder of the slot. One of the slot before is not there any more: its place is the workspace."""
        workspace = self._workspaces[-1]
        if recreated:
            return self._wanted_cwd or workspace
        if cwd == "":
            return str(self.cwd)
        if cwd in _NO_FOLDER:
            return self._wanted_cwd or workspace
        for old in self._workspaces[:-1]:
            if old != workspace and (cwd == old or cwd.startswith(f"{old}/")):
                return workspace
        return cwd


def _with_codes(result: dict[str, Any]) -> dict[str, Any]:
    """The exit code by both names that are in use."""
    result["exit_code"] = result.get("returncode")
    return result


def _unknown(output: str, failure: errors.CdkNomadError) -> dict[str, Any]:
    """A command of which it is not known what it did. What is thrown would be tried again, so that it ran twice."""
    error = getattr(base, "EnvironmentConnectionError", None)
    if error is not None:
        raise error(f"the sandbox was lost under the command: {failure}", retry_hint=_UNKNOWN) from failure
    return {"output": f"{output}\n[The sandbox was lost under the command: {failure}. {_UNKNOWN}]", "returncode": 255}


def _infrastructure(reason: str) -> Exception:
    """The error that says that the sandbox cannot be reached, in the release of hermes-agent that is installed."""
    error = getattr(base, "EnvironmentConnectionError", NomadEnvironmentError)
    # hermes-agent takes a text with "timeout" in it for a command that took too long.
    made: Exception = error(reason.replace("timeout", "time limit").replace("Timeout", "TimeLimit"))
    return made


def _is_background(command: str, options: dict[str, Any]) -> bool:
    """Whether hermes-agent would leave the command running in the sandbox, and come back for it."""
    return options.get("rewrite_compound_background") is False and "nohup bash -lc " in command and "/hermes_bg_" in command


def _quietly(release: Callable[[], object]) -> None:
    try:
        release()
    except errors.CdkNomadError as error:
        logger.info("a slot is not given back, and ends by itself: %s", error)
