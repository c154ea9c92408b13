"""A command in a slot, in the shape of a process that hermes-agent waits for."""

from __future__ import annotations

import os
import secrets
import select
import shlex
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import IO

from ..container import Container, Execution
from ..errors import CdkNomadError

#: One argument of a program has 128 KiB at most on Linux; what is longer is read from a descriptor.
_ARGUMENT = 100_000
#: Between two looks at whether a command that waits for its reader was given up, in milliseconds.
_LOOK = 200


def bash(script: str, *, login: bool) -> str:
    """A line for /bin/sh that has bash run a script of any length."""
    program = "bash -l" if login else "bash"
    if len(script.encode()) <= _ARGUMENT:
        return f"exec {program} -c {shlex.quote(script)}"
    end = f"CDK_NOMAD_{secrets.token_hex(8)}"
    return f"exec {program} /dev/fd/3 3<<'{end}'\n{script}\n{end}\n"


class SlotProcess:
    """The command runs when this is made. Its two streams come as one, as hermes-agent wants them."""

    def __init__(
        self,
        container: Container,
        script: str,
        *,
        login: bool,
        timeout: float,
        stdin: str | None,
        env: Mapping[str, str] | None,
    ) -> None:
        #: Why the command was lost, or never ran; None where it did as commands do.
        self.failure: CdkNomadError | None = None
        self.container = container
        self._returncode: int | None = None
        self._done = threading.Event()
        self._execution: Execution = container.stream(bash(script, login=login), timeout=timeout, stdin=stdin, env=env or None)
        read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._stdout = os.fdopen(read, "r", encoding="utf-8", errors="replace")
        threading.Thread(target=self._run, name="cdk-nomad-command", daemon=True).start()

    def _run(self) -> None:
        code = 1
        try:
            for piece in self._execution:
                self._pass(piece.data)
            end = self._execution.exit
            code = 130 if end is None else end.exit_code
        except CdkNomadError as error:
            self.failure = error
        finally:
            self._returncode = code
            with suppress(OSError):
                os.close(self._write)
            self._done.set()

    def _pass(self, data: bytes) -> None:
        view = memoryview(data)
        room = select.poll()
        room.register(self._write, select.POLLOUT)
        while view and not self._execution.cancelled:
            # A reader that is slow slows the command down; one that has given the command up holds up nobody.
            if not room.poll(_LOOK):
                continue
            try:
                view = view[os.write(self._write, view) :]
            except BlockingIOError:
                continue
            except OSError:
                # Nobody reads any more: the rest is not wanted, and the command goes on to its end.
                return

    @property
    def stdout(self) -> IO[str]:
        """What it writes on both streams."""
        return self._stdout

    @property
    def returncode(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._returncode if self._done.is_set() else None

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Waits for its end.

        :raises TimeoutError: where it does not end in time
        """
        if not self._done.wait(timeout) or self._returncode is None:
            raise TimeoutError(f"the command did not end within {timeout} s")
        return self._returncode

    def kill(self) -> None:
        """Ends it with everything that it started."""
        self._execution.cancel()
