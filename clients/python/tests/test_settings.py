"""What is read of the environment, and what the package is made of."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from cdk_nomad import AsyncPoolsClient, ConfigurationError, Connection, ContainerUnknownError, Lease, PoolsClient, Problem
from cdk_nomad._renewals import Renewals
from cdk_nomad.hermes import HermesSettings, register
from cdk_nomad.hermes.process import bash
from cdk_nomad.hermes.source import PoolSource
from cdk_nomad.local import find_command

PROJECT = Path(__file__).resolve().parents[1]


def test_what_is_not_said_has_the_defaults_of_hermes() -> None:
    said = HermesSettings.from_environment({})
    assert (said.pool, said.local, said.ttl, said.wait) == ("hermes-sandbox", None, 60, 120)
    assert said.connection is not None
    assert said.connection.address == "http://127.0.0.1:8790"


@pytest.mark.parametrize("client", [PoolsClient, AsyncPoolsClient])
@pytest.mark.parametrize("given", ["http://127.0.0.1:8791", 8791])
def test_a_client_that_is_given_no_connection_says_what_to_write(client: Callable[[object], object], given: object) -> None:
    with pytest.raises(ConfigurationError, match=r"write Connection\(\"http://127.0.0.1:8790\", token\)"):
        client(given)


def test_an_address_that_is_no_text_is_said() -> None:
    with pytest.raises(ConfigurationError, match="is a text"):
        Connection(cast(str, 8791))


def test_where_there_is_no_hermes_agent_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    # Also where another test has imported parts of it.
    for name in {"tools", *(each for each in sys.modules if each.startswith("tools."))}:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigurationError, match="hermes-agent is not installed"):
        register()


def test_autostart_is_for_who_has_no_service() -> None:
    env = {
        "TERMINAL_NOMAD_AUTOSTART": "true",
        "HERMES_HOME": "/h",
        "TERMINAL_NOMAD_JOB_ID": "mine",
        "TERMINAL_NOMAD_ADDRESS": "http://n:4646",
    }
    started = HermesSettings.from_environment(env)
    assert started.connection is None
    assert started.local is not None
    assert (started.local.folder, started.local.slot_pools, started.local.nomad_address) == (Path("/h/nomad"), ("mine",), "http://n:4646")
    there = HermesSettings.from_environment({**env, "POOL_SERVICE_ADDR": "http://s:1"})
    assert there.local is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TERMINAL_NOMAD_AUTOSTART", "maybe"),
        ("TERMINAL_NOMAD_TTL", "2"),
        ("TERMINAL_NOMAD_TTL", "1m"),
        ("TERMINAL_NOMAD_TTL", "nan"),
        ("TERMINAL_NOMAD_WAIT", "-1"),
        ("POOL_SERVICE_ADDR", "x"),
    ],
)
def test_what_cannot_be_meant_is_said_by_its_name(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name if name.startswith("TERMINAL") else value):
        HermesSettings.from_environment({name: value})


@pytest.mark.parametrize("value", ["1.5", "-1", "50001", "x"])
def test_ports_are_moved_by_whole_numbers(value: str) -> None:
    with pytest.raises(ConfigurationError, match="TERMINAL_NOMAD_PORT_OFFSET"):
        HermesSettings.from_environment({"TERMINAL_NOMAD_AUTOSTART": "true", "TERMINAL_NOMAD_PORT_OFFSET": value})


def test_the_command_line_is_found(tmp_path: Path) -> None:
    assert find_command({"CDK_NOMAD_COMMAND": "node 'a b.js'", "PATH": ""}) == ("node", "a b.js")
    with pytest.raises(ConfigurationError, match="CDK_NOMAD_COMMAND"):
        find_command({"PATH": str(tmp_path)})


@pytest.mark.parametrize("script", ["echo \"it's\" '$x'", "cat <<'EOF'\nx\nEOF", "x" * 200_000 + "\nCDK_NOMAD_\n'"])
def test_a_script_reaches_bash_whole(script: str) -> None:
    line = bash(script.replace("exec ", ""), login=False).replace("exec bash", "exec cat" if len(script) > 100_000 else "exec printf %s", 1)
    said = subprocess.run(["/bin/sh"], input=line.replace("%s -c ", "%s "), capture_output=True, text=True, check=True).stdout
    assert said.rstrip("\n") == script


def test_a_lease_that_is_kept_is_renewed_until_it_is_forgotten_or_lost() -> None:
    renewed: list[str] = []
    over: set[str] = set()

    def renew(lease: Lease, seconds: float) -> None:
        assert seconds > 0
        renewed.append(lease.id)
        if lease.id in over:
            raise ContainerUnknownError(Problem(404, "container-unknown", "T", "d"))

    told = threading.Event()
    renewals = Renewals(renew)
    first, second = (Lease(name, "p", "o", 1, 0.06, "none") for name in ("first", "second"))
    renewals.keep(first, lambda _error: told.set())
    renewals.keep(second)
    while {"first", "second"} - set(renewed):
        time.sleep(0.01)
    over.add("first")
    assert told.wait(10)
    renewals.forget(second)
    count = len(renewed)
    time.sleep(0.2)
    assert len(renewed) <= count + 1
    renewals.close()
    with pytest.raises(ConfigurationError):
        renewals.keep(first)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it is published."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=PROJECT, check=True, capture_output=True
    )
    (found,) = folder.glob("*.whl")
    return found


def test_a_wheel_has_types_and_the_plugin_and_depends_on_httpx_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(next(name for name in names if name.endswith("METADATA"))).decode()
    assert {"cdk_nomad/py.typed", "cdk_nomad/hermes/plugin.yaml", "cdk_nomad/hermes/plugin.py"} <= set(names)
    assert not [name for name in names if "test" in name]
    assert [line for line in metadata.splitlines() if line.startswith("Requires-Dist")] == ["Requires-Dist: httpx<1,>=0.27"]


@pytest.mark.parametrize("enabled", [True, False])
def test_hermes_loads_the_installed_plugin_where_it_is_enabled(wheel: Path, tmp_path: Path, enabled: bool) -> None:
    pytest.importorskip("hermes_cli.plugins", reason="hermes-agent is not installed for this Python")
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-warn-script-location", "--target", str(site)]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True)
    (tmp_path / "config.yaml").write_text(f"plugins:\n  enabled: [{'nomad' if enabled else ''}]\n")
    code = """
from hermes_cli.plugins import discover_plugins
discover_plugins()
import cdk_nomad, tools.terminal_tool as terminal
print(cdk_nomad.__file__, hasattr(terminal, "_cdk_nomad_registration"), terminal.check_terminal_requirements())
"""
    env = {**os.environ, "PYTHONPATH": str(site), "HERMES_HOME": str(tmp_path), "TERMINAL_ENV": "nomad"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False, timeout=120)
    file, *said = done.stdout.split()
    assert file.startswith(str(site)), done.stderr
    assert said == [str(enabled)] * 2, done.stderr


def test_a_program_makes_the_backend_known_by_one_call() -> None:
    pytest.importorskip("tools.terminal_tool", reason="hermes-agent is not installed for this Python")
    code = """
from cdk_nomad.hermes import register
assert register() is register()
from tools import terminal_tool as terminal
from tools.registry import registry
assert registry._tools["terminal"].check_fn is terminal.check_terminal_requirements
assert "nomad" in terminal._CONTAINER_BACKENDS
print(terminal.check_terminal_requirements())
"""
    env = {**os.environ, "TERMINAL_ENV": "nomad"}
    for variables, said in (({}, "True"), ({"TERMINAL_NOMAD_TTL": "x"}, "False"), ({"TERMINAL_ENV": "no-such"}, "False")):
        done = subprocess.run(
            [sys.executable, "-c", code], env={**env, **variables}, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.stdout.split()[-1:] == [said], done.stderr


def test_a_service_that_was_started_here_says_why_it_has_no_slot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = PoolSource(HermesSettings.from_environment({"TERMINAL_NOMAD_AUTOSTART": "true", "TERMINAL_NOMAD_FOLDER": str(tmp_path)}))
    assert source.why().startswith("its job stays as it was registered first")
    assert source._local is not None
    monkeypatch.setattr(source._local, "said_of", lambda pool: f"the pool {pool} has nothing free: missing drivers")
    assert source.why().startswith("the pool hermes-sandbox has nothing free: missing drivers; its job stays")
    assert source.why().endswith(f"run cdk-nomad down in {tmp_path}")
    assert PoolSource(HermesSettings.from_environment({})).why() == ""
