"""The environment in a real hermes-agent, which is installed from PyPI: what users report of other backends does not happen."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from conftest import POOL, VARIABLES, ServiceStarter, kill_service, processes_with, run, until
from test_client import FORKS, nap

from cdk_nomad import Connection, PoolsClient
from cdk_nomad.hermes import HermesSettings, Registration, register
from cdk_nomad.hermes.source import PoolSource
from cdk_nomad.local import LocalPools

pytestmark = pytest.mark.cluster
terminal = pytest.importorskip("tools.terminal_tool", reason="hermes-agent is not installed for this Python")
from cdk_nomad.hermes.environment import NomadEnvironment, NomadEnvironmentError  # noqa: E402 - it needs hermes-agent


@pytest.fixture(scope="module")
def hermes(local: LocalPools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registration]:
    """hermes-agent with TERMINAL_ENV=nomad, which starts what it needs by itself: the cluster is found, the service is its own."""
    before = dict(os.environ)
    os.environ.update(
        VARIABLES,
        TERMINAL_ENV="nomad",
        TERMINAL_NOMAD_AUTOSTART="true",
        TERMINAL_NOMAD_FOLDER=str(local.settings.folder),
        TERMINAL_NOMAD_PORT_OFFSET=str(local.settings.port_offset),
        TERMINAL_NOMAD_TTL="15",
        CDK_NOMAD_COMMAND=" ".join(local.settings.command or ()),
        HERMES_HOME=str(tmp_path_factory.mktemp("hermes")),
    )
    registration = register()
    yield registration
    terminal.cleanup_all_environments()
    registration.close()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(autouse=True)
def given_back(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test ends with no lease of it."""
    yield
    if "hermes" in request.fixturenames:
        terminal.cleanup_all_environments()
        client = request.getfixturevalue("hermes").source.client()
        until("everything is given back", lambda: client.list() == ())


def tool(command: str, **options: object) -> dict[str, object]:
    """What the model gets of hermes-agent's terminal tool."""
    said: dict[str, object] = json.loads(terminal.terminal_tool(command, **options))
    return said


def put(hermes: Registration, name: str, text: str) -> None:
    """Writes a file into the slot of the tasks: hermes-agent itself refuses commands that look as if they left something running."""
    tool("true")
    client = hermes.source.client()
    (lease,) = client.list()
    client.container(lease).execute(f"cat > {name}", stdin=text)


def test_the_terminal_tool_runs_in_a_slot(hermes: Registration) -> None:
    assert terminal.check_terminal_requirements()
    assert tool("echo hello") == {"output": "hello", "exit_code": 0, "error": None}
    # Folder and variables go on from command to command, and what is not there is none of the machine's.
    assert tool("mkdir -p a/b && cd a/b && export WORD=kept && pwd")["output"] == "/workspace/a/b"
    assert tool('pwd; echo "$WORD"')["output"] == "/workspace/a/b\nkept"
    assert tool("exit 3")["exit_code"] == 3
    (lease,) = hermes.source.client().list()
    assert (lease.pool, lease.isolation) == (POOL, "sandbox")
    # What is registered once stays so.
    assert register() is hermes


def test_a_result_has_the_exit_code_by_both_names_and_takes_input(hermes: Registration) -> None:
    env = NomadEnvironment(hermes.source)
    result = env.execute("cat; exit 4", stdin_data="given\n")
    assert (result["output"], result["returncode"], result["exit_code"]) == ("given\n", 4, 4)
    # A script that no argument can hold, and a word in it that might end it early.
    long = "\n".join(f": {number:08d} EOF" for number in range(15_000))
    assert env.execute(f"{long}\necho whole")["output"] == "whole\n"
    data = env.execute("head -c 300000 /dev/zero | tr '\\0' x")["output"]
    assert len(data) == 300_000
    env.cleanup()
    env.cleanup()
    with pytest.raises(RuntimeError, match="cleaned up"):
        env.execute("id")


def test_a_command_that_times_out_is_124_and_leaves_no_process(hermes: Registration) -> None:
    seconds = nap(10)
    put(hermes, "forks", FORKS.format(seconds) + f"echo begun; sleep {seconds}")
    said = tool("bash forks", timeout=2)
    assert said["exit_code"] == 124
    assert "begun" in str(said["output"])
    assert "[Command timed out after 2s]" in str(said["output"])
    until("the tree is gone", lambda: processes_with(seconds) == [])
    assert tool("echo goes on")["output"] == "goes on"


def test_a_command_that_is_interrupted_is_130_and_leaves_no_process(hermes: Registration) -> None:
    from tools.interrupt import set_interrupt

    seconds, said = nap(11), {}
    put(hermes, "forks", FORKS.format(seconds) + f"sleep {seconds}")
    thread = threading.Thread(target=lambda: said.update(tool("bash forks")))
    thread.start()
    until("it runs", lambda: len(processes_with(f"sleep {seconds}")) > 3)
    set_interrupt(True, thread.ident)
    try:
        thread.join(60)
    finally:
        set_interrupt(False, thread.ident)
    assert said["exit_code"] == 130
    assert "[Command interrupted]" in str(said["output"])
    until("the tree is gone", lambda: processes_with(seconds) == [])
    assert tool("echo goes on")["output"] == "goes on"


def test_a_slot_that_is_gone_is_replaced_and_its_handle_is_not_used_again(hermes: Registration) -> None:
    tool("echo mine > file; mkdir sub; cd sub")
    client = hermes.source.client()
    (lease,) = client.list()
    client.container(lease).release()
    said = tool("pwd; ls -A")
    assert (said["output"], said["exit_code"]) == (
        "[The sandbox was replaced: files and variables of earlier commands are gone]\n/workspace",
        0,
    )
    (other,) = client.list()
    assert (other.id, other.generation) != (lease.id, lease.generation)
    assert tool("echo again")["output"] == "again"


def test_a_sandbox_that_is_killed_is_told_and_its_command_is_not_run_twice(hermes: Registration) -> None:
    seconds = nap(12)
    env = NomadEnvironment(hermes.source)
    said: list[dict[str, object]] = []
    thread = threading.Thread(target=lambda: said.append(env.execute(f"echo begun; sleep {seconds}")))
    thread.start()
    until("it runs", lambda: processes_with(f"sleep {seconds}") != [])
    assert env.container is not None
    allocation = env.container.id.split(".")[0]
    servers = [int(line.split()[0]) for line in processes_with(allocation) if "sandbox" in line]
    for pid in servers:
        os.kill(pid, signal.SIGKILL)
    thread.join(60)
    (result,) = said
    assert result["returncode"] == 255
    assert "not known" in str(result["output"])
    until("the tree is gone", lambda: processes_with(f"sleep {seconds}") == [])
    assert env.execute("echo goes on")["environment_recreated"] is True
    env.cleanup()


def test_a_service_that_is_killed_under_a_command_is_started_again_and_the_command_is_not(hermes: Registration) -> None:
    # It stands for longer than a busy machine takes to start a service.
    source = PoolSource(replace(hermes.source.settings, ttl=120))
    env = NomadEnvironment(source)
    seconds, said = nap(13), {}
    env.execute("echo start > log")
    thread = threading.Thread(target=lambda: said.update(env.execute(f"echo once >> log; sleep {seconds}")))
    thread.start()
    until("it runs", lambda: processes_with(f"sleep {seconds}") != [])
    assert source._local is not None
    kill_service(source._local)
    thread.join(60)
    assert said["exit_code"] == 255
    assert "not known" in str(said["output"])
    # The lease stood, so the files are there; what ran was not begun a second time.
    assert env.execute("cat log")["output"] == "start\nonce\n"
    env.cleanup()
    source.close()


def test_a_service_that_is_not_there_is_an_error_of_infrastructure(hermes: Registration) -> None:
    nowhere = HermesSettings(POOL, Connection("http://127.0.0.1:9"), None, 15, 0)
    with pytest.raises(NomadEnvironmentError, match="does not answer"):
        NomadEnvironment(PoolSource(nowhere))
    nothing = HermesSettings("no-such-pool", hermes.source.client().connection, None, 15, 0)
    with pytest.raises(NomadEnvironmentError, match="no-such-pool"):
        NomadEnvironment(PoolSource(nothing))


def test_sessions_share_a_slot_only_where_they_are_meant_to(hermes: Registration, monkeypatch: pytest.MonkeyPatch) -> None:
    client = hermes.source.client()
    # hermes-agent's own way: a task and those that it delegates share one sandbox.
    tool("echo shared > file", task_id="parent")
    assert tool("cat file", task_id="child")["output"] == "shared"
    assert len(client.list()) == 1
    terminal.cleanup_all_environments()
    monkeypatch.setenv("TERMINAL_CONTAINER_PERSISTENT", "false")
    for task in ("one", "two", "three"):
        assert tool(f"echo {task} > file; ls -A", task_id=task)["output"] == "file"
    assert [tool("cat file", task_id=task)["output"] for task in ("one", "two", "three")] == ["one", "two", "three"]
    assert len({lease.id for lease in client.list()}) == 3
    terminal.cleanup_vm("two")
    until("its slot is given back", lambda: len(client.list()) == 2)


def test_a_background_command_is_refused_and_not_said_to_run(hermes: Registration) -> None:
    said = tool("sleep 60", background=True)
    assert said["exit_code"] == -1
    assert "cannot run in a slot" in str(said["error"])


def test_file_tools_work_in_the_slot(hermes: Registration) -> None:
    from tools.file_tools import read_file_tool, write_file_tool

    text = "".join(f"line {number}\n" for number in range(3))
    json.loads(write_file_tool("notes.txt", text))
    assert "line 2" in json.loads(read_file_tool("notes.txt"))["content"]
    assert tool("cat notes.txt")["output"] == text.strip()


#: A process of 25 tasks, each with an environment of its own, that runs until it is told to clean up or is killed.
TASKS = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
from cdk_nomad import Connection
from cdk_nomad.hermes import HermesSettings
from cdk_nomad.hermes.environment import NomadEnvironment
from cdk_nomad.hermes.source import PoolSource
pool, address, token, process, seconds = sys.argv[1:]
source = PoolSource(HermesSettings(pool, Connection(address, token), None, 15, 120))
def begin(task):
    env = NomadEnvironment(source, task_id=f"task-{process}-{task}", timeout=3000)
    said = env.execute(f"echo {process}-{task} > mine; cat mine; ls -A")
    assert said["output"] == f"{process}-{task}\\nmine\\n", said
    command = f"setsid sleep {seconds} & (nohup sleep {seconds} >/dev/null 2>&1 &); sleep {seconds}"
    threading.Thread(target=env.execute, args=(command,), daemon=True).start()
    return env
# They begin a few at a time, so that a small machine is not asked for a hundred shells in one moment; then all of them run.
with ThreadPoolExecutor(5) as threads:
    envs = list(threads.map(begin, range(25)))
print("running", *[env.container.id for env in envs], flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(5) as threads:
    list(threads.map(lambda env: env.cleanup(), envs))
source.close()
print("done", flush=True)
"""


def test_a_hundred_tasks_half_of_them_killed_leave_nothing(client: PoolsClient, service: ServiceStarter) -> None:
    import subprocess

    seconds = nap(20)
    connections = [client.connection, service.start().connection()]
    children = []
    for process in range(4):
        connection = connections[process % 2]
        arguments = [POOL, connection.address, connection.token or "", str(process), seconds]
        children.append(
            subprocess.Popen([sys.executable, "-c", TASKS, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )
    slots: list[str] = []
    for child in children:
        assert child.stdout is not None
        word, *held = child.stdout.readline().split()
        assert word == "running"
        slots += held
    assert len(slots) == len(set(slots)) == 100
    assert {lease.id for lease in client.list(everybody=True)} == set(slots)
    until("all run", lambda: len(processes_with(f"sleep {seconds}")) >= 300)
    for child in children[:2]:
        child.kill()
    for child in children[2:]:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    for child in children:
        child.wait(120)
    assert [child.returncode for child in children] == [-9] * 2 + [0] * 2
    until("no process is left", lambda: processes_with(seconds) == [])
    until("no lease is left", lambda: client.list(everybody=True) == ())
    # And none of their files: the slots are given to others.
    with client.claim(POOL, wait=60) as slot:
        assert slot.execute("ls -A").stdout == ""


def test_a_program_that_ends_gives_its_slot_back(hermes: Registration, client: PoolsClient) -> None:
    code = """
from cdk_nomad.hermes import register
register()
from tools.terminal_tool import terminal_tool
print(terminal_tool("echo hello"), flush=True)
"""
    connection = client.connection
    child = run(code, POOL_SERVICE_ADDR=connection.address, POOL_SERVICE_TOKEN=connection.token or "")
    said, _ = child.communicate(timeout=120)
    assert '"hello"' in said
    assert child.returncode == 0
    # At once, and not after its ttl.
    began = time.monotonic()
    until("it is given back", lambda: client.list(everybody=True) == ())
    assert time.monotonic() - began < 15
