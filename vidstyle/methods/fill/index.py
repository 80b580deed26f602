"""What the pictures of a library look like, kept on disk: only what is new or has changed is looked at.

An SQLite file in the cache, one for each folder: of every picture its path, its size in bytes, when it was
changed, and its description in half precision, a kilobyte. It is written as it grows, so that a library of
tens of thousands can be indexed in several runs; what is read of it at a time is bounded.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vidstyle.errors import MediaError
from vidstyle.events import Notice
from vidstyle.features.weights import cache_directory
from vidstyle.image.convert import on_paper
from vidstyle.image.gist import CELLS, VALUES, described
from vidstyle.plain import name_bytes
from vidstyle.video.pictures import READABLE_SUFFIXES
from vidstyle.video.thumbnails import read_thumbnail

_VERSION = 1  # of the description
_SIDE = 128  # pixels that a picture must have to be described
_AT_ONCE = 2048  # descriptions in memory
_SAVED_EVERY = 50  # pictures
_TOLD_EVERY = 15.0  # seconds
_NAMED = 3  # of what is skipped
_TABLE = "CREATE TABLE IF NOT EXISTS pictures (path BLOB PRIMARY KEY, bytes INT, changed INT, looks BLOB)"

Found = dict[bytes, tuple[int, int]]
"""Paths from the library's folder on -> size in bytes and time of change in nanoseconds."""


class Index:
    """The pictures of a folder and of those in it, but for hidden ones. Raises MediaError without any.

    It is closed by `close`, or when it is no longer used.
    """

    def __init__(self, folder: Path, notice: Notice) -> None:
        if not folder.is_dir():
            raise MediaError(f"--library {folder} is no folder of pictures")
        self.folder, self._notice = folder, notice
        found = _pictures(folder)
        if not found:
            raise MediaError(f"--library {folder} holds no pictures; it takes a folder with yours in it")
        self._base = _opened(folder, notice)
        self.close = weakref.finalize(self, self._base.close)
        self._update(found)
        if not self.count:
            raise MediaError(f"--library {folder}: none of its {len(found)} pictures can be read")

    @property
    def count(self) -> int:
        """Of pictures that can be used."""
        found = self._base.execute("SELECT COUNT(*) FROM pictures WHERE looks IS NOT NULL").fetchone()
        return int(found[0])

    def digest(self) -> str:
        """sha256 of what is in the library."""
        whole = hashlib.sha256()
        for row in self._base.execute("SELECT path, bytes, changed FROM pictures ORDER BY path"):
            whole.update(repr(row).encode())
        return whole.hexdigest()

    def looks(self) -> Iterator[tuple[list[Path], Tensor]]:
        """Paths and descriptions, float32 (N, VALUES, CELLS, CELLS), some thousand at a time."""
        query = "SELECT path, looks FROM pictures WHERE looks IS NOT NULL ORDER BY path"
        rows = self._base.execute(query)
        while part := rows.fetchmany(_AT_ONCE):
            paths = [self.folder / os.fsdecode(path) for path, _ in part]
            values = np.stack([np.frombuffer(looks, np.float16) for _, looks in part]).astype(np.float32)
            yield paths, torch.from_numpy(values).view(-1, VALUES, CELLS, CELLS)

    def _update(self, found: Found) -> None:
        known = {
            path: (size, changed)
            for path, size, changed in self._base.execute("SELECT path, bytes, changed FROM pictures")
        }
        gone = [(path,) for path in known if path not in found]
        self._base.executemany("DELETE FROM pictures WHERE path = ?", gone)
        new = [path for path, is_now in found.items() if known.get(path) != is_now]
        told, skipped = time.monotonic(), []
        for number, path in enumerate(sorted(new)):
            looks = _looks(self.folder / os.fsdecode(path))
            if looks is None:
                skipped.append(os.fsdecode(path))
            row = path, *found[path], looks
            self._base.execute("INSERT OR REPLACE INTO pictures VALUES (?, ?, ?, ?)", row)
            if number % _SAVED_EVERY == 0:
                self._base.commit()
            if time.monotonic() - told > _TOLD_EVERY:
                told = time.monotonic()
                self._notice(f"looking at {self.folder.name}: {number} of {len(new)} pictures")
        self._base.commit()
        if skipped:
            more = f" and {len(skipped) - _NAMED} more" if len(skipped) > _NAMED else ""
            self._notice(f"{self.folder}: cannot be read: {', '.join(skipped[:_NAMED])}{more}")


def _pictures(folder: Path) -> Found:
    found = {}
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if name.startswith(".") or Path(name).suffix.lower() not in READABLE_SUFFIXES:
                continue
            path = Path(place, name)
            with contextlib.suppress(OSError):  # gone meanwhile, or a link that leads nowhere
                facts = path.stat()
                found[name_bytes(path.relative_to(folder))] = facts.st_size, facts.st_mtime_ns
    return found


def _looks(path: Path) -> bytes | None:
    """The description of a picture; None where it cannot be read."""
    try:
        picture = on_paper(*read_thumbnail(path, _SIDE))
    except MediaError:
        return None
    looks: bytes = described(picture).half().numpy().tobytes()
    return looks


def _opened(folder: Path, notice: Notice) -> sqlite3.Connection:
    """The file of a folder, begun anew where it is damaged; in memory where it cannot be kept."""
    key = hashlib.sha256(name_bytes(folder.resolve()) + b"\0%d" % _VERSION).hexdigest()
    path = cache_directory() / "libraries" / f"{key[:40]}.sqlite"
    for _ in range(2):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            base = sqlite3.connect(path, timeout=60, check_same_thread=False)
            base.execute(_TABLE)
            if base.execute("PRAGMA quick_check(1)").fetchone() == ("ok",):
                return base
            base.close()
            path.unlink(missing_ok=True)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                break  # the disk, not what is in the file
            path.unlink(missing_ok=True)
        except OSError:
            break
    notice(f"{path.parent} cannot be written: what is found of {folder.name} is not kept for the next run")
    base = sqlite3.connect(":memory:", check_same_thread=False)
    base.execute(_TABLE)
    return base
