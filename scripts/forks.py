"""Runs as forks of this process, which has imported everything: behind crash_test.py and fuzz.py."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vidstyle.cli.work import EXIT_STOPPED

# A thread pool that has run before a fork is missing after it.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

BROKEN = 99  # exit code of what has raised
_CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate")


def fork(work: Callable[[], int | None]) -> int:
    """Do this in a process of its own, whose exit code is what it returns, 0 for None; returns its id."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    code = BROKEN
    try:
        code = work() or 0
    except KeyboardInterrupt:  # in the instant before or after the program itself
        code = EXIT_STOPPED
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def apart(work: Callable[[], None]) -> None:
    """Do this in a process of its own, and wait for it: nothing here may start a thread."""
    if wait_for(fork(work)):
        raise SystemExit("it could not be prepared, see above")


def wait_for(pid: int) -> int:
    """Wait for a process; its exit code, or minus the signal that has ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def enter(folder: Path, out: Path, err: Path | None = None) -> None:
    """Go on in `folder`; what is shown goes to these files, errors to `out` as well where `err` is None."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    os.dup2(os.open(out, flags), 1)
    os.dup2(1 if err is None else os.open(err, flags), 2)
    os.chdir(folder)


def about_to_change(event: str, given: tuple[Any, ...]) -> str | None:
    """The path of the file or folder that an audit event is about to change; None for any other event."""
    writes = event == "open" and isinstance(given[2], int) and given[2] & (os.O_WRONLY | os.O_RDWR)
    # What is opened by its number is open already.
    if not (writes or event in _CHANGES) or isinstance(given[0], int):
        return None
    return str(Path(os.fsdecode(given[0])).absolute())
