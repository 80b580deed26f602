"""Files that appear under their names only when they are whole on the disk, and what killed runs have left.

A file is written under a hidden name in the folder it belongs to, ".name.0123abcd.png", and renamed. Nobody
can know that name beforehand, so no link laid there leads what is written elsewhere.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vidstyle.errors import OutputError

_TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{8}(\.[^.]*)?")


def temporary_beside(path: Path) -> Path:
    """A hidden name in the same folder (so that it can be renamed to `path`) that nothing else uses."""
    return path.with_name(f".{path.stem}.{secrets.token_hex(4)}{path.suffix}")


def put_in_place(temporary: Path, path: Path, flush: bool = True) -> None:
    """Flush a file that is written to the end, and give it its name. Raises OSError.

    Not flushed, it is whole after a kill, but may not be after the machine itself has stopped.
    """
    if flush:
        with temporary.open("r+b") as file:
            os.fsync(file.fileno())
    temporary.replace(path)
    if flush:
        _sync_folder(path.parent)


@contextmanager
def whole(path: Path, flush: bool = True) -> Iterator[Path]:
    """A hidden name to write to; at the end of the block the file gets the name `path`.

    flush: see `put_in_place`. Raises OSError; then, and where the block raises, whatever was under that name
    before is untouched.
    """
    temporary = temporary_beside(path)
    try:
        yield temporary
        put_in_place(temporary, path, flush)
    finally:
        with suppress(OSError):  # it has its name, or the disk has told already what is wrong
            temporary.unlink()


def write_whole(path: Path, data: bytes) -> None:
    """Write a file of the user's whole or not at all; raises OutputError."""
    try:
        with whole(path) as temporary:
            temporary.write_bytes(data)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error


def _sync_folder(folder: Path) -> None:
    # Windows has no handle to a folder that could be flushed; one that may not be listed cannot be opened.
    if os.name == "nt" or not os.access(folder, os.R_OK):
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network file systems cannot flush a folder
            raise
    finally:
        os.close(descriptor)


def final_of(temporary: Path) -> Path | None:
    """The file that was being written under this hidden name; None where it is no such name."""
    match = _TEMPORARY.fullmatch(temporary.name)
    return temporary.with_name(f"{match[1]}{match[2] or ''}") if match else None


def clear_leftovers(paths: Iterable[Path]) -> None:
    """Remove what runs that were killed while they wrote these files have left under hidden names.

    No other run may be writing them at this moment. What cannot be removed stays.
    """
    wanted = {path.absolute() for path in paths}
    for folder in {path.parent for path in wanted}:
        try:
            found = list(folder.iterdir())
        except OSError:  # it may not have been made yet
            continue
        for path in found:
            if final_of(path) in wanted:
                _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    with suppress(OSError):
        path.unlink()
