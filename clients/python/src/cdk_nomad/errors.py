"""What can go wrong, as classes. Programs go by the class or by ``code``; texts may change."""

from __future__ import annotations

from dataclasses import dataclass, field


class CdkNomadError(Exception):
    """What every error of this package is."""


class ConfigurationError(CdkNomadError):
    """A setting that cannot be meant, with what to write instead."""


class ServiceUnreachableError(CdkNomadError):
    """The service does not answer at its address. Nothing was sent, so nothing was done."""


class ConnectionLostError(CdkNomadError):
    """The connection broke after the request was sent: whether it was done is not known."""


class DeadlineExceededError(CdkNomadError):
    """The time that the caller gave is over. The last refusal, if there was one, is the ``__cause__``."""


class ProtocolError(CdkNomadError):
    """What answers is not the pools' service, or one of a release that this client does not know."""


@dataclass(frozen=True)
class Problem:
    """A refusal as the service sends it: a problem of RFC 9457, whose ``code`` is for programs."""

    status: int
    code: str
    title: str
    detail: str
    #: Seconds until it is worth to ask again.
    retry_after: float | None = None
    #: What is wrong with the request: pairs of a place, such as ``/command``, and what is wrong there.
    errors: tuple[tuple[str, str], ...] = field(default=())


class RefusedError(CdkNomadError):
    """The service refused a request."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.title}: {problem.detail}")
        self.problem = problem

    @property
    def code(self) -> str:
        """The problem's name, such as ``pool-busy``."""
        return self.problem.code

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.problem.status

    @property
    def retry_after(self) -> float | None:
        """Seconds until it is worth to ask again."""
        return self.problem.retry_after


class BadRequestError(RefusedError):
    """The request is not as it should be; ``problem.errors`` says where."""


class UnauthorizedError(RefusedError):
    """The token is missing or not known."""


class ForbiddenError(RefusedError):
    """The token may not do this, or not for this owner."""


class PoolUnknownError(RefusedError):
    """The service serves no such pool."""


class ContainerUnknownError(RefusedError):
    """No lease of the caller's stands on this container: it was released, its time was over, or it is another's."""


class LeaseEndedError(RefusedError):
    """The lease is over. Nothing was run; claim another container."""


class BusyError(RefusedError):
    """Too much at once; ``retry_after`` says when to ask again. Nothing was done."""


class PoolBusyError(BusyError):
    """The pool has nothing free."""


class RateLimitedError(BusyError):
    """The token asked too often."""


class TooManyExecutionsError(BusyError):
    """The owner, or the service, runs as many commands as it may."""


class PlaceLostError(RefusedError):
    """The place of a command did not start, or ended under it: what the command did until then is not known."""


class UnavailableError(RefusedError):
    """The service cannot do its work just now."""


class StoppingError(UnavailableError):
    """The service is stopping; another one takes over. Nothing was done."""


_OF_CODE: dict[str, type[RefusedError]] = {
    "scope-missing": ForbiddenError,
    "other-owner": ForbiddenError,
    "foreign-host": ForbiddenError,
    "pool-without-isolation": ForbiddenError,
    "pool-unknown": PoolUnknownError,
    "container-unknown": ContainerUnknownError,
    "lease-stale": LeaseEndedError,
    "lease-ended": LeaseEndedError,
    "pool-busy": PoolBusyError,
    "rate-limited": RateLimitedError,
    "too-many-executions": TooManyExecutionsError,
    "place-lost": PlaceLostError,
    "stopping": StoppingError,
}
_OF_STATUS: dict[int, type[RefusedError]] = {
    400: BadRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    408: BadRequestError,
    413: BadRequestError,
    415: BadRequestError,
    428: BadRequestError,
    429: BusyError,
    431: BadRequestError,
    503: UnavailableError,
}


def refused(problem: Problem) -> RefusedError:
    """The error that a problem is; one whose code is not known here goes by its status."""
    found = _OF_CODE.get(problem.code) or _OF_STATUS.get(problem.status, RefusedError)
    return found(problem)
