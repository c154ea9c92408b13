"""The programs of examples/ do what they say, and those of README.md are the same."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cdk_nomad import PoolsClient

PROJECT = Path(__file__).resolve().parents[1]
SAID = {
    "one_slot.py": "3 hello\n",
    "streamed.py": "1\n2\n3\nended with 0\n",
    "many_tasks.py": "20 tasks, and none saw files of another\n",
    "hermes_tool.py": '{"output": "hello", "exit_code": 0, "error": null}\n',
}


@pytest.mark.cluster
@pytest.mark.parametrize("name", sorted(SAID))
def test_an_example_does_what_it_says(name: str, client: PoolsClient, tmp_path: Path) -> None:
    if name == "hermes_tool.py":
        pytest.importorskip("tools.terminal_tool", reason="hermes-agent is not installed for this Python")
    env = {
        **os.environ,
        "POOL_SERVICE_ADDR": client.connection.address,
        "POOL_SERVICE_TOKEN": client.connection.token or "",
        "HERMES_HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, str(PROJECT / "examples" / name)], env=env, capture_output=True, text=True, timeout=180, check=False
    )
    assert (done.stdout, done.returncode) == (SAID[name], 0), done.stderr


def test_every_program_of_the_readme_is_an_example() -> None:
    programs = re.findall(r"<!-- examples/(\S+) -->\n\n```python\n(.*?)```", (PROJECT / "README.md").read_text(), re.S)
    assert [name for name, _ in programs] == ["one_slot.py", "streamed.py", "many_tasks.py", "hermes_tool.py"]
    for name, text in programs:
        assert text == (PROJECT / "examples" / name).read_text()
    assert {path.name for path in (PROJECT / "examples").glob("*.py")} == set(SAID)
