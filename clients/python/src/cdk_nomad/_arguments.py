"""Arguments of another kind than is meant: said at the call, before anything is sent, with what to write instead."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping

from .errors import ConfigurationError

#: So much of a value is shown.
_SHOWN = 40


def seconds(name: str, value: object, example: str) -> None:
    """A number of seconds, which may be endless only where it is waited here.

    :raises ConfigurationError: where it is none, such as ``"60"``, ``None`` or ``True``
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or math.isnan(value):
        raise ConfigurationError(f"{name} is a number of seconds, not {_shown(value)}; write {name}={example}")


def finite_seconds(name: str, value: object, example: str) -> None:
    """A number of seconds that the service counts; None where it was not said.

    :raises ConfigurationError: where it is none
    """
    if value is None:
        return
    seconds(name, value, example)
    if math.isinf(value):  # type: ignore[arg-type]
        raise ConfigurationError(f"{name} is a number of seconds that comes to an end, not {_shown(value)}; write {name}={example}")


def text(name: str, value: object, example: str) -> None:
    """A text. What stands there is not shown: it may be a secret.

    :raises ConfigurationError: where it is none
    """
    if not isinstance(value, str):
        raise ConfigurationError(f"{name} is a text, not {_kind(value)}; write {name}={example}")


def optional_text(name: str, value: object, example: str) -> None:
    """A text, or None where it was not said.

    :raises ConfigurationError: where it is neither
    """
    if value is not None:
        text(name, value, example)


def environment(name: str, value: object) -> None:
    """Variables by their names, or None. No value is shown.

    :raises ConfigurationError: where it is neither, or a name or a value is no text
    """
    if value is None:
        return
    example = f'{name}={{"NAME": "value"}}'
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{name} is a mapping of names to texts, not {_kind(value)}; write {example}")
    for key, each in value.items():
        if not isinstance(key, str):
            raise ConfigurationError(f"{name} has a name that is {_kind(key)}, and no text; write {example}")
        if not isinstance(each, str):
            raise ConfigurationError(f"{name}[{_shown(key)}] is a text, not {_kind(each)}; write {example}")


def _kind(value: object) -> str:
    return "None" if value is None else type(value).__name__


def _shown(value: object) -> str:
    said = repr(value)
    return said if len(said) <= _SHOWN else f"{said[:_SHOWN]}… ({type(value).__name__})"
