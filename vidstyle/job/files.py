"""Files that are either whole or not there, and a lock that a killed process cannot leave behind."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import time
from pathlib import Path

from vidstyle.atomic import whole
from vidstyle.errors import JobBusy, JobError, OutputError
from vidstyle.plain import plain_size, read_plain

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_MOST_OF_A_MARK = 2**16  # bytes
_REASONS = {
    errno.ENOSPC: "the disk is full; free some space and run the same command again",
    errno.EDQUOT: "the disk quota is used up; free some space and run the same command again",
    errno.EROFS: "the disk is read-only; put the job elsewhere with --job DIR",
    errno.EACCES: "permission denied; put the job elsewhere with --job DIR",
    errno.ENOENT: "its directory is gone; was it deleted or moved?",
}


def output_error(path: Path, error: OSError) -> OutputError:
    """The one line for a file that could not be written or deleted."""
    reason = _REASONS.get(error.errno or 0) or error.strerror or str(error)
    return OutputError(f"cannot write {path}: {reason}")


def read(path: Path, last: int | None = None) -> bytes:
    """All of a file, or its last bytes.

    Raises:
        JobError: it cannot be read.
    """
    try:
        size = plain_size(path)
        with path.open("rb") as file:
            if last is not None:
                file.seek(-min(last, size), os.SEEK_END)
            return file.read()
    except OSError as error:
        raise JobError(f"cannot read {path}: {error.strerror}") from error


def write_whole(path: Path, content: bytes) -> None:
    """Write a file of the job's whole or not at all.

    Raises OutputError where it cannot be written; whatever was under that name before is untouched.
    """
    try:
        with whole(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise output_error(path, error) from error


class Lock:
    """An exclusive lock on a file, released by the system when its process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises:
            JobBusy: another process holds it.
            JobError: the file system has no locks.
            OutputError: the file cannot be written.
        """
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        except OSError as error:
            raise output_error(path, error) from error
        with contextlib.ExitStack() as undo:
            undo.callback(self.release)
            self._take(path)
            try:
                os.ftruncate(self._descriptor, 0)
                os.write(self._descriptor, f"{os.getpid()} on {socket.gethostname()}".encode())
            except OSError as error:
                raise output_error(path, error) from error
            undo.pop_all()

    def _take(self, path: Path, patience_seconds: float = 0.3) -> None:
        # `is_held` holds the lock for an instant: being refused once is no proof.
        deadline = time.monotonic() + patience_seconds
        while not _try_lock(self._descriptor, path):
            if time.monotonic() > deadline:
                raise JobBusy(
                    f"{path.parent} is being worked on by process {holder(path) or '?'}; "
                    "let it finish or stop it, or name another directory with --job DIR"
                )
            time.sleep(0.05)

    def release(self) -> None:
        os.close(self._descriptor)


def holder(path: Path) -> str:
    """The last process that took the lock, as "PID on HOST"; empty when there was none."""
    try:
        return read_plain(path, _MOST_OF_A_MARK).decode("utf-8", errors="replace").strip()
    except OSError:
        return ""


def is_held(path: Path) -> bool:
    """Whether some process holds the lock at this moment."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _try_lock(descriptor, path)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, path: Path) -> bool:
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            _lock_on_windows(descriptor)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK):
            return False
        raise JobError(
            f"cannot lock {path}: {error.strerror}; put the job on another disk with --job DIR"
        ) from error
    return True


def _lock_on_windows(descriptor: int) -> None:
    import msvcrt

    # A locked byte cannot be read, and the holder's name must be: lock one far beyond it.
    os.lseek(descriptor, 1 << 20, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    finally:
        os.lseek(descriptor, 0, os.SEEK_SET)
