"""The files of a job, and in what words it is told that one cannot be read or written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from vidstyle.atomic import whole
from vidstyle.errors import JobError, OutputError
from vidstyle.plain import plain_size

_NO_LOCKS = "this disk has no locks; put the job on another one with {option} DIR"
_REASONS = {
    errno.ENOSPC: "the disk is full; free some space and run the same command again",
    errno.EDQUOT: "the disk quota is used up; free some space and run the same command again",
    errno.EROFS: "the disk is read-only; put the job elsewhere with {option} DIR",
    errno.EACCES: "permission denied; put the job elsewhere with {option} DIR",
    errno.ENOENT: "its directory is gone; was it deleted or moved?",
    errno.ENOLCK: _NO_LOCKS,
    errno.ENOSYS: _NO_LOCKS,
    errno.EOPNOTSUPP: _NO_LOCKS,
}


def output_error(path: Path, error: OSError, option: str = "--job") -> OutputError:
    """The one line for a file that could not be written or deleted; option: that names another folder."""
    known = _REASONS.get(error.errno or 0)
    reason = known.format(option=option) if known else error.strerror or str(error)
    return OutputError(f"cannot write {path}: {reason}")


def read(path: Path, last: int | None = None) -> bytes:
    """All of a file, or its last bytes. Raises JobError where it cannot be read."""
    try:
        size = plain_size(path)
        with path.open("rb") as file:
            if last is not None:
                file.seek(-min(last, size), os.SEEK_END)
            return file.read()
    except OSError as error:
        raise JobError(f"cannot read {path}: {error.strerror}") from error


def write_state(path: Path, content: bytes, flush: bool = True) -> None:
    """Write a file of the job's whole or not at all; flush: see `put_in_place`.

    Raises OutputError where it cannot be written; whatever was under that name before is untouched.
    """
    try:
        with whole(path, flush) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise output_error(path, error) from error
