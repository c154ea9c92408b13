"""Makes ``nomad`` a terminal backend of hermes-agent 0.19, which has no interface for that."""

from __future__ import annotations

import atexit
import functools
import importlib
import logging
import os
import threading
from collections.abc import Callable
from typing import Any

from ..errors import ConfigurationError
from .settings import HermesSettings
from .source import PoolSource

logger = logging.getLogger(__name__)

#: The value of TERMINAL_ENV.
BACKEND = "nomad"
#: hermes-agent's sets of backends by what they are: they decide on paths, prompts and probes. What is not there is passed over.
_SETS = (
    ("tools.terminal_tool", "_CONTAINER_BACKENDS"),
    ("tools.file_tools", "_CONTAINER_PATH_BACKENDS_FALLBACK"),
    ("tools.env_probe", "_REMOTE_BACKENDS"),
    ("tools.skills_tool", "_REMOTE_ENV_BACKENDS"),
    ("agent.prompt_builder", "_REMOTE_TERMINAL_BACKENDS"),
)
_MARK = "_cdk_nomad_registration"


class Registration:
    """What :func:`register` did. :meth:`close` gives up the service that was started for it."""

    def __init__(self) -> None:
        self._source: PoolSource | None = None
        self._lock = threading.Lock()

    @property
    def source(self) -> PoolSource:
        """Where slots come from. The variables are read when the first environment is made.

        :raises ConfigurationError: where a variable cannot be meant
        """
        settings = HermesSettings.from_environment()
        with self._lock:
            if self._source is None or self._source.settings != settings:
                if self._source is not None:
                    self._source.close()
                self._source = PoolSource(settings)
            return self._source

    def close(self) -> None:
        """Lets go of the service. Environments that are still there fail from now on; clean them up before."""
        with self._lock:
            source, self._source = self._source, None
        if source is not None:
            source.close()


def register() -> Registration:
    """Makes ``TERMINAL_ENV=nomad`` known to the hermes-agent of this process, before its first command. Again it changes nothing.

    :raises ConfigurationError: where there is no hermes-agent, or the one that is installed has another shape: newer ones take the plugin
    """
    try:
        terminal = importlib.import_module("tools.terminal_tool")
    except ModuleNotFoundError as error:
        # One that hermes-agent itself lacks is told as it is.
        if error.name not in ("tools", "tools.terminal_tool"):
            raise
        raise ConfigurationError("hermes-agent is not installed in this Python; write pip install hermes-agent") from None
    known: Registration | None = getattr(terminal, _MARK, None)
    if known is not None:
        return known
    if not callable(getattr(terminal, "_create_environment", None)):
        raise ConfigurationError(
            "this hermes-agent has no factory of environments that is known; enable the plugin: hermes plugins enable nomad"
        )
    registration = Registration()
    _replace(terminal, "_create_environment", functools.partial(_creating, registration))
    _replace(terminal, "check_terminal_requirements", _checking)
    _replace(terminal, "_resolve_container_task_id", _resolving)
    _refuse_background()
    for module, name in _SETS:
        _add(module, name)
    _describe()
    _recheck(terminal)
    setattr(terminal, _MARK, registration)
    # What was registered last is called first: hermes-agent gives the slots back before the service ends.
    atexit.register(registration.close)
    cleanup = getattr(terminal, "_atexit_cleanup", None)
    if cleanup is not None:
        atexit.unregister(cleanup)
        atexit.register(cleanup)
    return registration


def _replace(module: Any, name: str, wrap: Callable[[Any], Any]) -> None:  # noqa: ANN401 - a module of theirs
    before = getattr(module, name, None)
    if before is not None:
        setattr(module, name, functools.wraps(before)(wrap(before)))


def _creating(registration: Registration, before: Callable[..., Any]) -> Callable[..., Any]:
    def create(env_type: str, image: str = "", cwd: str = "", timeout: int = 180, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        if env_type != BACKEND:
            return before(env_type, image, cwd, timeout, *args, **options)
        from .environment import NomadEnvironment

        task = str(options.get("task_id") or "default")
        return NomadEnvironment(registration.source, cwd=cwd, timeout=timeout, task_id=task, persistent=_persistent())

    return create


def _checking(before: Callable[[], bool]) -> Callable[[], bool]:
    def check() -> bool:
        if os.environ.get("TERMINAL_ENV") != BACKEND:
            return before()
        try:
            HermesSettings.from_environment()
        except ConfigurationError as error:
            logger.error("TERMINAL_ENV=nomad cannot be used: %s", error)
            return False
        return True

    return check


def _resolving(before: Callable[[str | None], str]) -> Callable[[str | None], str]:
    def resolve(task_id: str | None) -> str:
        # hermes-agent has all tasks share one container. Where that is not to outlive a turn, nobody shares it.
        if task_id and os.environ.get("TERMINAL_ENV") == BACKEND and not _persistent():
            return task_id
        return before(task_id)

    return resolve


def _refuse_background() -> None:
    """hermes-agent says of a background command that it was started, whatever the sandbox answered."""
    registry = getattr(importlib.import_module("tools.process_registry"), "ProcessRegistry", None)
    if registry is None:
        return

    def wrap(before: Callable[..., Any]) -> Callable[..., Any]:
        def spawn(self: object, env: object, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - theirs
            from .environment import NO_BACKGROUND, NomadEnvironment

            if isinstance(env, NomadEnvironment):
                raise RuntimeError(NO_BACKGROUND)
            return before(self, env, *args, **options)

        return spawn

    _replace(registry, "spawn_via_env", wrap)


def _persistent() -> bool:
    return os.environ.get("TERMINAL_CONTAINER_PERSISTENT", "true").lower() in {"true", "1", "yes"}


def _add(module: str, name: str) -> None:
    try:
        found = importlib.import_module(module)
    except ImportError:
        return
    known = getattr(found, name, None)
    if isinstance(known, set | frozenset):
        setattr(found, name, frozenset({*known, BACKEND}))


def _describe() -> None:
    try:
        prompts = importlib.import_module("agent.prompt_builder")
    except ImportError:
        return
    known = getattr(prompts, "_BACKEND_FALLBACK_DESCRIPTIONS", None)
    if isinstance(known, dict):
        known.setdefault(BACKEND, "a sandbox of a Nomad pool (Linux)")


def _recheck(terminal: Any) -> None:  # noqa: ANN401 - a module of theirs
    """The registry of tools has kept the function that was there when the tool was defined."""
    try:
        registry = importlib.import_module("tools.registry").registry
        entry = registry._tools["terminal"]
        entry.check_fn = terminal.check_terminal_requirements
    except (ImportError, AttributeError, KeyError):
        logger.warning("hermes-agent's registry of tools has another shape than is known: its terminal tool may be said to be unavailable")
