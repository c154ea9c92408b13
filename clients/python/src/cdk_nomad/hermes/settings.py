"""What the variables TERMINAL_NOMAD_… say."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigurationError
from ..local import LocalSettings
from ..settings import Connection

#: The pool that Hermes' published clients look for.
USUAL_POOL = "hermes-sandbox"
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"", "0", "false", "no", "off"}


@dataclass(frozen=True)
class HermesSettings:
    """How the environment finds its sandboxes."""

    #: The pool that slots, or containers, are claimed of.
    pool: str
    #: The service; None where it is started here.
    connection: Connection | None
    #: What is started on this machine; None where nothing is.
    local: LocalSettings | None
    #: For how long a slot stands after its process was heard of last, in seconds.
    ttl: float
    #: For how long to wait for a slot, in seconds.
    wait: float

    @staticmethod
    def from_environment(env: Mapping[str, str] | None = None) -> HermesSettings:
        """Reads TERMINAL_NOMAD_JOB_ID, _AUTOSTART, _ADDRESS, _PORT_OFFSET, _FOLDER, _TTL and _WAIT, and POOL_SERVICE_….

        A service whose address is said is used, whatever AUTOSTART says.

        :raises ConfigurationError: for what cannot be meant
        """
        env = dict(os.environ) if env is None else env
        pool = env.get("TERMINAL_NOMAD_JOB_ID") or USUAL_POOL
        autostart = _flag(env, "TERMINAL_NOMAD_AUTOSTART") and not env.get("POOL_SERVICE_ADDR")
        local = None
        if autostart:
            home = Path(env.get("HERMES_HOME") or Path.home() / ".hermes")
            local = LocalSettings(
                folder=Path(env.get("TERMINAL_NOMAD_FOLDER") or home / "nomad"),
                slot_pools=(pool,),
                nomad_address=env.get("TERMINAL_NOMAD_ADDRESS") or None,
                port_offset=_whole_number(env, "TERMINAL_NOMAD_PORT_OFFSET", 0, 0, 50_000),
                env={**env, "TERMINAL_NOMAD_JOB_ID": pool},
            )
        return HermesSettings(
            pool=pool,
            connection=None if autostart else Connection.from_environment(env),
            local=local,
            ttl=_number(env, "TERMINAL_NOMAD_TTL", 60, 5, 3600),
            wait=_number(env, "TERMINAL_NOMAD_WAIT", 120, 0, 3600),
        )


def _flag(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name, "").strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ConfigurationError(f'{name}: "{text}" is neither; write true or false')


def _number(env: Mapping[str, str], name: str, usual: float, least: float, most: float) -> float:
    text = env.get(name, "").strip()
    if not text:
        return usual
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if least <= value <= most:
        return value
    raise ConfigurationError(f'{name}: "{text}" is no number from {least:g} to {most:g}; write {usual:g}, say')


def _whole_number(env: Mapping[str, str], name: str, usual: int, least: int, most: int) -> int:
    value = _number(env, name, usual, least, most)
    if value == int(value):
        return int(value)
    raise ConfigurationError(f'{name}: "{env.get(name, "").strip()}" is no whole number; write {int(value)}, say')
