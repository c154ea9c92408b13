"""What the service answers, as plain values. Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: What keeps commands apart from those of others on the same machine; ``none``: nothing does.
Isolation = Literal["container", "chroot", "sandbox", "none"]
#: How a command ended.
Ended = Literal["exited", "timeout", "cancelled"]
#: Whose models a command talks to: says which pool.
Provider = Literal["openai", "anthropic", "google"]
#: One of the two streams of a command.
Stream = Literal["stdout", "stderr"]


@dataclass(frozen=True)
class Lease:
    """The right to one container, or to one slot of a sandbox. A plain value: any process with the same token may use it."""

    #: What calls name: an allocation's id, of a slot ``<allocation>.<slot>``.
    id: str
    pool: str
    owner: str
    #: Grows with every claim of the container: calls with an older one are refused.
    generation: int
    #: For how many seconds it stands after the last call that presented it.
    ttl: float
    isolation: str


@dataclass(frozen=True)
class Result:
    """How a command ended, and what it wrote."""

    #: The command's own; 124 where it ran out of time, 130 where it was cancelled.
    exit_code: int
    ended: str
    stdout: str
    stderr: str
    #: Whether output was dropped beyond the service's limit, 1 MiB of each stream.
    truncated: bool
    #: Seconds.
    duration: float
    isolation: str

    @property
    def ok(self) -> bool:
        """Whether it ended by itself, with 0."""
        return self.exit_code == 0 and self.ended == "exited"


@dataclass(frozen=True)
class ExecuteResult(Result):
    """How a command of :meth:`PoolsClient.execute` ended, and where it ran."""

    #: Whether a container of a pool ran it; else a job of its own did.
    warm: bool
    #: The container, or the job where it was not warm.
    container_id: str


@dataclass(frozen=True)
class Output:
    """A piece of what a command writes."""

    stream: Stream
    data: bytes


@dataclass(frozen=True)
class Exit:
    """The end of a command whose output was streamed."""

    exit_code: int
    ended: str
    truncated: bool
    #: Seconds.
    duration: float
    isolation: str
    #: Of :meth:`PoolsClient.stream_for`: where it ran.
    warm: bool | None = None
    container_id: str | None = None


@dataclass(frozen=True)
class PoolFigures:
    """How a pool does."""

    pool: str
    free: int
    leased: int
    coming: int
    target: int
    queue: int
    draining: bool
    up_to_date: bool = True
    """Whether the service knows how it does now; where it does not, the other figures are of before."""


@dataclass(frozen=True)
class Dependency:
    """Something that the service needs, and whether it answers."""

    name: str
    ok: bool
    message: str | None = None
