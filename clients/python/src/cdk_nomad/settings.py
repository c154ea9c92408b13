"""Where the service is, and who asks, from the variables that ``cdk-nomad`` itself reads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from .errors import ConfigurationError

#: Where ``cdk-nomad serve`` listens by default.
USUAL_ADDRESS = "http://127.0.0.1:8790"


@dataclass(frozen=True)
class Connection:
    """Where the service is, and who asks."""

    address: str = USUAL_ADDRESS
    #: None where the service wants none. It stands in no text that is printed.
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.address, str):
            raise ConfigurationError(f"the address of the service is a text, not {self.address!r}; write {USUAL_ADDRESS}, say")
        try:
            url = httpx.URL(self.address)
            usable = url.scheme in ("http", "https") and bool(url.host)
        except httpx.InvalidURL:
            usable = False
        if not usable:
            raise ConfigurationError(f'"{self.address}" is no address of the service; write {USUAL_ADDRESS}, say')
        if self.token is not None and not isinstance(self.token, str):
            raise ConfigurationError(f"the token of the service is a text, not {type(self.token).__name__}; write what stands in its file")
        object.__setattr__(self, "address", self.address.rstrip("/"))

    @staticmethod
    def of(given: object) -> Connection:
        """What a client was given; where that is nothing, what the environment says.

        :raises ConfigurationError: where it is no connection, such as an address alone
        """
        if given is None:
            return Connection.from_environment()
        if isinstance(given, Connection):
            return given
        raise ConfigurationError(f'a client takes a Connection, not {type(given).__name__}; write Connection("{USUAL_ADDRESS}", token)')

    @staticmethod
    def from_environment(env: Mapping[str, str] | None = None) -> Connection:
        """What POOL_SERVICE_ADDR says, and POOL_SERVICE_TOKEN or the file that POOL_SERVICE_TOKEN_FILE names.

        :raises ConfigurationError: where the one is no address, or the other cannot be read
        """
        env = os.environ if env is None else env
        token = env.get("POOL_SERVICE_TOKEN") or _token_in(env.get("POOL_SERVICE_TOKEN_FILE"))
        return Connection(env.get("POOL_SERVICE_ADDR") or USUAL_ADDRESS, token)


def _token_in(file: str | None) -> str | None:
    if not file:
        return None
    try:
        return Path(file).read_text(encoding="utf-8").strip() or None
    except OSError as error:
        raise ConfigurationError(f"POOL_SERVICE_TOKEN_FILE: {file} cannot be read ({error.strerror}); write the file of a token") from error


def is_loopback(address: str) -> bool:
    """Whether no proxy lies between: variables for the internet are not for this machine."""
    host = httpx.URL(address).host
    return host in ("localhost", "::1") or host.startswith("127.")
