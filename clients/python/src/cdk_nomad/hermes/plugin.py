"""The plugin of hermes-agent: its loader finds it by the entry point of this package, and calls :func:`register`.

``hermes plugins enable nomad`` is all that it takes. Releases with an interface for terminal backends are given a provider; 0.19, which has
plugins but no such interface, is patched as by :func:`cdk_nomad.hermes.register`. Where plugins are folders, put ``plugin.yaml`` of this
package into one, and an ``__init__.py`` with ``from cdk_nomad.hermes.plugin import register``.
"""

from __future__ import annotations

from typing import Any

from . import registration


def register(ctx: Any) -> None:  # noqa: ANN401 - hermes-agent's
    """What hermes-agent's loader of plugins calls."""
    take = getattr(ctx, "register_terminal_environment_provider", None)
    if take is None:
        registration.register()
        return
    from .provider import NomadProvider

    take(NomadProvider())
