"""Containers and sandbox slots of cdk-nomad's pools, leased in milliseconds.

>>> from cdk_nomad import PoolsClient
>>> with PoolsClient() as pools, pools.claim("hermes-sandbox") as slot:  # doctest: +SKIP
...     print(slot.execute("echo hello").stdout)
"""

from .aio import AsyncContainer, AsyncExecution, AsyncPoolsClient
from .client import PoolsClient
from .container import Container, Execution
from .errors import (
    BadRequestError,
    BusyError,
    CdkNomadError,
    ConfigurationError,
    ConnectionLostError,
    ContainerUnknownError,
    DeadlineExceededError,
    ForbiddenError,
    LeaseEndedError,
    PlaceLostError,
    PoolBusyError,
    PoolUnknownError,
    Problem,
    ProtocolError,
    RateLimitedError,
    RefusedError,
    ServiceUnreachableError,
    StoppingError,
    TooManyExecutionsError,
    UnauthorizedError,
    UnavailableError,
)
from .models import Dependency, ExecuteResult, Exit, Lease, Output, PoolFigures, Result
from .settings import Connection

__version__ = "0.1.0"

__all__ = [
    "AsyncContainer",
    "AsyncExecution",
    "AsyncPoolsClient",
    "BadRequestError",
    "BusyError",
    "CdkNomadError",
    "ConfigurationError",
    "Connection",
    "ConnectionLostError",
    "Container",
    "ContainerUnknownError",
    "DeadlineExceededError",
    "Dependency",
    "ExecuteResult",
    "Execution",
    "Exit",
    "ForbiddenError",
    "Lease",
    "LeaseEndedError",
    "Output",
    "PlaceLostError",
    "PoolBusyError",
    "PoolFigures",
    "PoolUnknownError",
    "PoolsClient",
    "Problem",
    "ProtocolError",
    "RateLimitedError",
    "RefusedError",
    "Result",
    "ServiceUnreachableError",
    "StoppingError",
    "TooManyExecutionsError",
    "UnauthorizedError",
    "UnavailableError",
]
