"""One client for all environments of a process, and the service behind it."""

from __future__ import annotations

import threading

from ..client import PoolsClient
from ..local import LocalPools
from .settings import HermesSettings


class PoolSource:
    """Gives the client of the service. Where the service is started here and has ended, it is started again."""

    def __init__(self, settings: HermesSettings) -> None:
        self.settings = settings
        self._local = LocalPools(settings.local) if settings.local is not None else None
        self._lock = threading.Lock()
        self._client: PoolsClient | None = None

    def client(self) -> PoolsClient:
        """The client, of the service that runs now.

        :raises CdkNomadError: where it does not start
        """
        with self._lock:
            connection = self._local.connection() if self._local is not None else self.settings.connection
            if self._client is not None and (connection is None or self._client.connection == connection):
                return self._client
            if self._client is not None:
                self._client.close()
            self._client = PoolsClient(connection)
            return self._client

    def why(self) -> str:
        """What a service that was started here said of why it has no slot, and what else may be; nothing of another's service."""
        if self._local is None or self.settings.local is None:
            return ""
        said = self._local.said_of(self.settings.pool)
        folder = self.settings.local.folder
        stays = f"its job stays as it was registered first: where TERMINAL_NOMAD_… was changed since, run cdk-nomad down in {folder}"
        return "; ".join(part for part in (said, stays) if part)

    def close(self) -> None:
        """Lets go of the connections, and ends the service that was started here. Leases that were not released stand for their time."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()
        if self._local is not None:
            self._local.close()
