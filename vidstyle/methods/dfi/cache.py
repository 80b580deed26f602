"""Features on disk, so that a set goes through the network once."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from pathlib import Path

import numpy as np

from vidstyle.atomic import write_whole
from vidstyle.errors import OutputError

_VERSION = 3
_LIMIT_BYTES = 10 * 2**30


class FeatureCache:
    """One array per picture and way of looking at it, memory-mapped when it is read.

    A file has its final name only when it is whole, and its name says all that its content depends on; so
    several runs can share a folder, and a changed picture is another entry. A folder that cannot be written
    is no error: nothing is kept then.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str, length: int) -> np.ndarray | None:
        """The array (length,) of this key, read-only, its pages read when they are used; None if absent."""
        try:
            found: np.ndarray = np.load(self._path(key), mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        with contextlib.suppress(OSError):
            os.utime(self._path(key))  # the time of the last use, by which `prune` goes
        return found if found.shape == (length,) else None

    def put(self, key: str, values: np.ndarray) -> None:
        """Keep an array (length,) under a key."""
        path, whole = self._path(key), io.BytesIO()
        np.save(whole, values, allow_pickle=False)
        with contextlib.suppress(OSError, OutputError):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, whole.getvalue())

    def prune(self, limit_bytes: int = _LIMIT_BYTES) -> None:
        """Delete what was not used for longest until no more than `limit_bytes` are kept.

        Another run that shares the folder is not harmed: what it has open it keeps, and what it does not find
        it makes again.
        """
        found = []
        with contextlib.suppress(OSError):
            for part in self.folder.glob("*/*.npy"):
                with contextlib.suppress(OSError):
                    status = part.stat()
                    found.append((status.st_mtime, status.st_size, part))
        left = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if left <= limit_bytes:
                return
            with contextlib.suppress(OSError):
                path.unlink()
            left -= size

    def _path(self, key: str) -> Path:
        # Not all in one folder: tens of thousands of names there are slow on some file systems.
        return self.folder / key[:2] / f"{key}.npy"


def cache_key(**facts: object) -> str:
    """A file name that stands for all these facts; each must have an exact `repr`."""
    text = repr((_VERSION, sorted(facts.items())))
    return hashlib.sha256(text.encode()).hexdigest()[:40]
