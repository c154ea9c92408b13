"""``TERMINAL_ENV=nomad`` for hermes-agent: by its plugin (``hermes plugins enable nomad``), or by :func:`register` in a program."""

from .registration import BACKEND, Registration, register
from .settings import HermesSettings

__all__ = ["BACKEND", "HermesSettings", "Registration", "register"]
