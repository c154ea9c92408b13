"""Slots as a terminal backend of the releases of hermes-agent that take them as plugins."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
from typing import Any

from agent.terminal_env_provider import TerminalEnvironmentProvider

from ..errors import CdkNomadError, ConfigurationError
from .registration import Registration
from .settings import HermesSettings
from .source import PoolSource

logger = logging.getLogger(__name__)


class NomadProvider(TerminalEnvironmentProvider):  # type: ignore[misc]
    """Slots of cdk-nomad's pools as a terminal backend. Its settings are the variables TERMINAL_NOMAD_… and POOL_SERVICE_…."""

    name = "nomad"
    display_name = "Nomad"
    description = "Run commands in sandboxes of a Nomad cluster, leased from cdk-nomad's pools."
    is_remote = True
    is_container = True
    session_isolated_when_nonpersistent = True
    #: Whether commands are kept apart is known only once a slot was had, so dangerous ones are asked about as on any machine.
    skip_container_guards = False
    cache_path_base = None
    strip_env_keys = frozenset({"POOL_SERVICE_TOKEN", "POOL_SERVICE_TOKEN_FILE", "NOMAD_TOKEN", "CONSUL_HTTP_TOKEN"})
    env_description = "a sandbox of a Nomad pool (Linux)"

    def __init__(self) -> None:
        self._registration = Registration()
        atexit.register(self._registration.close)

    def is_available(self) -> bool:
        """Whether it is set up; nothing is asked over a network."""
        try:
            settings = HermesSettings.from_environment()
        except ConfigurationError:
            return False
        return settings.local is None or bool(os.environ.get("CDK_NOMAD_COMMAND") or shutil.which("cdk-nomad") or shutil.which("npx"))

    def check_requirements(self, config: dict[str, Any]) -> bool:
        """As :meth:`is_available`, and says what is wrong."""
        del config
        try:
            HermesSettings.from_environment()
        except ConfigurationError as error:
            logger.error("the terminal backend nomad cannot be used: %s", error)
            return False
        return self.is_available()

    def probe(self) -> tuple[str, str]:
        """How it does, for pickers."""
        try:
            settings = HermesSettings.from_environment()
        except ConfigurationError as error:
            return ("needs_setup", str(error))
        if not self.is_available():
            return ("needs_setup", "there is no cdk-nomad here: write the command line of a checkout into CDK_NOMAD_COMMAND")
        where = "on this machine" if settings.local is not None else f"at {settings.connection.address if settings.connection else ''}"
        return ("ready", f"slots of {settings.pool}, {where}")

    def setup_instructions(self) -> list[str]:
        """What to do after it was chosen."""
        return [
            "Where a service of the pools runs: write its address into POOL_SERVICE_ADDR, and its token into POOL_SERVICE_TOKEN_FILE.",
            "Else: write the command line of a checkout of cdk-nomad into CDK_NOMAD_COMMAND, and TERMINAL_NOMAD_AUTOSTART=true; "
            "without Docker also TERMINAL_NOMAD_DRIVER=raw_exec.",
        ]

    def doctor_checks(self) -> list[tuple[bool, str, str]]:
        """Rows for a doctor: whether it is set up, and whether the service answers."""
        status, detail = self.probe()
        rows = [(status == "ready", "Nomad backend", detail)]
        if status == "ready" and HermesSettings.from_environment().local is None:
            try:
                ready = self.source.client().is_ready()
                rows.append((ready, "Pools' service", "ready" if ready else "does not answer, or cannot do its work"))
            except CdkNomadError as error:
                rows.append((False, "Pools' service", str(error)))
        return rows

    @property
    def source(self) -> PoolSource:
        """Where slots come from."""
        return self._registration.source

    def create_environment(
        self,
        *,
        cwd: str,
        timeout: int,
        task_id: str = "default",
        image: str | None = None,
        container_config: dict[str, Any] | None = None,
        **options: Any,  # noqa: ANN401 - of newer releases
    ) -> Any:  # noqa: ANN401 - a BaseEnvironment
        """An environment with a slot of its own. The image and the sizes are the pool's own."""
        del image, options
        from .environment import NomadEnvironment

        persistent = bool((container_config or {}).get("container_persistent", True))
        return NomadEnvironment(self.source, cwd=cwd, timeout=timeout, task_id=task_id, persistent=persistent)
