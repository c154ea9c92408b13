"""hermes-agent's own terminal tool, in a slot. With TERMINAL_NOMAD_AUTOSTART=true the cluster and the service are brought up first."""

import os

from cdk_nomad.hermes import register

os.environ.setdefault("TERMINAL_ENV", "nomad")
register()

from tools.terminal_tool import terminal_tool  # noqa: E402 - after the backend is known

print(terminal_tool("echo hello"))
