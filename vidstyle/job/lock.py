"""The lock by which no two runs work in one folder; it goes when its process ends, however it ends."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from vidstyle.errors import JobBusy
from vidstyle.job.files import output_error
from vidstyle.plain import read_plain

_MOST_OF_A_MARK = 2**16  # bytes
_PATIENCE_SECONDS = 0.3  # `is_held` holds the lock for an instant: being refused once is no proof


class Lock:
    """An exclusive lock on a file that names its holder; held until `release`, or the end of a `with` block.

    option: by which another folder would be named.
    Raises JobBusy where another process holds it, OutputError where the file cannot be written or locked.
    """

    def __init__(self, path: Path, option: str = "--job") -> None:
        # thread_local: whichever thread closes the job lets go of it. No marker in place of a lock, where the
        # disk has none: a killed run would leave it.
        self._lock = FileLock(path, fallback_to_soft=False, thread_local=False, on_acquired=_sign)
        try:
            self._lock.acquire(timeout=_PATIENCE_SECONDS)
        except Timeout:
            raise JobBusy(
                f"{path.parent} is being worked on by process {holder(path) or '?'}; "
                f"let it finish or stop it, or name another directory with {option} DIR"
            ) from None
        except OSError as error:
            raise output_error(path, error, option) from error

    def release(self) -> None:
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()


def _sign(descriptor: int) -> None:
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()} on {socket.gethostname()}".encode())


def holder(path: Path) -> str:
    """The last process that took the lock, as "PID on HOST"; empty when there was none."""
    try:
        return read_plain(path, _MOST_OF_A_MARK).decode("utf-8", errors="replace").strip()
    except OSError:
        return ""


def is_held(path: Path) -> bool:
    """Whether some process holds the lock at this moment."""
    if not path.is_file():  # it would be made
        return False
    try:
        with FileLock(path, timeout=0, fallback_to_soft=False):
            return False
    except Timeout:
        return True
    except OSError:  # nobody can lock it then
        return False
